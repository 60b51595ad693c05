"""JSON bodies, read under a limit and only once the caller is known: FastAPI would read a stranger's whole body first."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api.http.problems import Problem

_MB = 2**20
_SMALL_KB = 64
_SHOWN_CHARACTERS = 100
Model = TypeVar("Model", bound=BaseModel)


async def read_body(request: Request, max_mb: int) -> bytes:
    """Return a request's body; raise a `Problem` with 413 where it is larger than the limit."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_mb * _MB:
        raise _too_large(max_mb)
    pieces: list[bytes] = []
    received = 0
    try:
        async for piece in request.stream():
            received += len(piece)
            if received > max_mb * _MB:
                raise _too_large(max_mb)
            pieces.append(piece)
    except ClientDisconnect as error:
        raise Problem(400, "cut_off", "the connection ended before the body did; send the request again") from error
    return b"".join(pieces)


def parse_body(body: bytes, model: type[Model]) -> Model:
    """Return a body as what it must be; raise a `Problem` with 422 that names the first field that is wrong."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the body"
        given = repr(first["input"])[:_SHOWN_CHARACTERS]
        raise Problem(422, "invalid_request", f"{where[:200]}: {given}: {first['msg']}; see /openapi.json") from error


def parse_json(body: bytes) -> Any:
    """Return a body that may be any JSON; nesting and numbers are held to what the parser bears."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Problem(422, "invalid_json", f"the body is not JSON: {error}; mend it") from error


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the OpenAPI description of a JSON body of that model."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    return _described(_inlined(schema, parts))


def body_like(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI description of a JSON body of that schema."""
    return _described(schema)


def _described(schema: Any) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """Put the parts of a schema where they are referred to: within an OpenAPI document they would be looked for elsewhere."""
    if isinstance(schema, list):
        return [_inlined(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {key: _inlined(value, parts) for key, value in schema.items()}


def _too_large(max_mb: int) -> Problem:
    return Problem(413, "body_too_large", f"the body is larger than {max_mb} MB; send it in parts")


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
                if received > _SMALL_KB * 1024:
                    raise HTTPException(413, f"the body is larger than {_SMALL_KB} KB")
                return message

            return await handler(Request(request.scope, receive))

        return bounded
