"""What every request gets: an id, a line in the log, and headers that keep browsers from guessing."""

from __future__ import annotations

import time
import uuid

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problems import fault
from api.logs import place_of
from api.metrics import NO_ROUTE, count_request

log = structlog.stdlib.get_logger("prevention.http")

# Paths are a caller's words: what is longer than any route of ours is cut.
_LONGEST_PATH = 200


class RequestLog:
    """Name each request, and log its method, path, status and time; never its query, headers or body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, begun, status, begun_to_answer = uuid.uuid4().hex, time.perf_counter(), 500, False
        scope.setdefault("state", {})["id"] = name

        async def named(message: Message) -> None:
            nonlocal status, begun_to_answer
            if message["type"] == "http.response.start":
                begun_to_answer = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                # What belongs to the caller and not to the answer, such as what is left of a limit.
                for key, value in scope["state"].get("headers", {}).items():
                    headers[key] = value
                headers["X-Request-ID"] = name
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=name):
            try:
                await self._app(scope, receive, named)
            except Exception as error:
                # Here, where the request still has its name: further out neither the log nor the answer would hold it.
                log.error("a fault in this program", error=type(error).__name__, place=place_of(error))
                if begun_to_answer:
                    raise
                await fault()(scope, receive, named)
            finally:
                seconds = time.perf_counter() - begun
                route = getattr(scope.get("route"), "path", NO_ROUTE)
                count_request(scope["method"], route, status, seconds)
                log.info(
                    "request answered", method=scope["method"], path=scope["path"][:_LONGEST_PATH], status=status,
                    milliseconds=round(seconds * 1000), **_subject(scope.get("path_params", {})),
                )  # fmt: skip


def _subject(parameters: dict[str, object]) -> dict[str, object]:
    """Return what a request is about, as other lines of the log name it."""
    return {name: value for name, value in parameters.items() if name in ("job_id", "document_id")}
