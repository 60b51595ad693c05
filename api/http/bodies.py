"""A limit on bodies of JSON: they are read before anybody knows who sends them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Message

_MOST_KB = 64


class SmallBody(APIRoute):
    """A route whose body is cut off where it passes 64 KB. FastAPI's own limit answers with plain text, and not with a problem."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route's handler, with the limit before it."""
        handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            received = 0

            async def receive() -> Message:
                nonlocal received
                message = await request.receive()
                received += len(message.get("body", b""))
                if received > _MOST_KB * 1024:
                    raise HTTPException(413, f"the body is larger than {_MOST_KB} KB")
                return message

            return await handler(Request(request.scope, receive))

        return bounded
