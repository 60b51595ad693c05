"""What every request gets: an id, a line in the log, and headers that keep browsers from guessing."""

from __future__ import annotations

import logging
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("prevention.http")


class RequestLog:
    """Name each request, and log its method, path, status and time; never its query, headers or body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, begun, status = uuid.uuid4().hex, time.perf_counter(), 500
        scope.setdefault("state", {})["id"] = name

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                # What belongs to the caller and not to the answer, such as what is left of a limit.
                for key, value in scope["state"].get("headers", {}).items():
                    headers[key] = value
                headers["X-Request-ID"] = name
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, named)
        finally:
            milliseconds = (time.perf_counter() - begun) * 1000
            log.info("%s %s %r %s %.0f ms", name, scope["method"], scope["path"], status, milliseconds)
