"""Basic authentication for Label Studio, which knows no other: user `key`, and the API key as the password."""

from __future__ import annotations

import base64
import binascii

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/label-studio/"
USER = b"key"


class BasicKeys:
    """Turn Basic credentials under `/label-studio/` into the Bearer header that every route asks for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            headers = [
                (name, _bearer(value) if name == b"authorization" else value) for name, value in scope["headers"]
            ]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def _bearer(header: bytes) -> bytes:
    scheme, _, credentials = header.partition(b" ")
    if scheme.lower() != b"basic":
        return header
    try:
        user, _, password = base64.b64decode(credentials.strip(), validate=True).partition(b":")
    except binascii.Error:
        return header
    return b"Bearer " + password if user == USER else header
