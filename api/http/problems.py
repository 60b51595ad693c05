"""Errors as RFC 9457 problem details: a status, a stable `code` for programs and a sentence for people."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from api.access import KeyNotFoundError, LastAdministratorError, NameTakenError, PersonNotFoundError, UnfitValueError
from api.metrics import count_refusal
from api.quota import QuotaError
from classifier.errors import PreventionError

log = structlog.stdlib.get_logger("prevention.http")

MEDIA_TYPE = "application/problem+json"
_CODES = {404: "not_found", 405: "method_not_allowed", 400: "bad_request", 413: "body_too_large"}
# What the service's own rules refuse, whichever route was asked: the status and the code.
_REFUSALS: dict[type[PreventionError], tuple[int, str]] = {
    QuotaError: (403, "quota_exceeded"),
    UnfitValueError: (422, "invalid_request"),
    KeyNotFoundError: (404, "key_not_found"),
    PersonNotFoundError: (404, "person_not_found"),
    NameTakenError: (409, "name_taken"),
    LastAdministratorError: (409, "last_administrator"),
}
_FULL = (errno.ENOSPC, errno.EDQUOT)


class ProblemDetails(BaseModel):
    """What every error looks like."""

    type: str = Field(default="about:blank", description="always about:blank: the code says what it is")
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="stable, for programs", examples=["document_not_found"])
    detail: str = Field(description="the value, the rule it broke and the next step", examples=["no document has the id doc_1; list them at /v1/documents"])  # fmt: skip


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that is refused."""

    def __init__(self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers

    def details(self) -> ProblemDetails:
        """Return what is said of the problem."""
        return ProblemDetails(
            title=HTTPStatus(self.status).phrase, status=self.status, code=self.code, detail=self.detail
        )

    def response(self) -> Response:
        """Return the problem as a response, and count it."""
        count_refusal(self.code)
        return JSONResponse(self.details().model_dump(), self.status, self.headers, MEDIA_TYPE)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of the problems that a route may answer with; whoever is asked for a key is also limited."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in [*statuses, *([429] if 401 in statuses else [])]
    }


def add_handlers(app: FastAPI) -> None:
    """Turn every error of the application into a problem."""

    @app.exception_handler(Problem)
    async def refused(_request: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"][1:])) or "the request"
        return Problem(422, "invalid_request", f"{where}: {_shown(first)}{first['msg']}; see /openapi.json").response()

    async def by_rule(_request: Request, error: Exception) -> Response:
        status, code = _REFUSALS[type(error)]  # type: ignore[index]
        return Problem(status, code, str(error)).response()

    for refusal in _REFUSALS:
        app.add_exception_handler(refusal, by_rule)

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> Response:
        code = _CODES.get(error.status_code, "refused")
        detail = f"{request.method} {request.url.path}: {error.detail}; the routes are listed at /openapi.json"
        return Problem(error.status_code, code, detail, error.headers).response()

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeoutError)
    async def database(_request: Request, error: Exception) -> Response:
        log.error("the database failed", error=type(getattr(error, "orig", None) or error).__name__)
        if "full" in str(getattr(error, "orig", "")).lower():
            return _full()
        return Problem(
            503,
            "store_unavailable",
            "the database does not answer at present; send the request again",
            {"Retry-After": "5"},
        ).response()

    @app.exception_handler(OSError)
    async def disk(_request: Request, error: OSError) -> Response:
        log.error("the disk failed", error=error.strerror)
        return _full() if error.errno in _FULL else fault()


def _shown(error: Mapping[str, Any]) -> str:
    """Return the value that is wrong, but no whole body and no password: an answer may be logged where it arrives."""
    value = error.get("input")
    if isinstance(value, dict | list) or "password" in error["loc"]:
        return ""
    return f"{value!r:.100}: "


def _full() -> Response:
    return Problem(
        507,
        "store_full",
        "the disk of the service is full; nothing was kept, so send the document again once there is room",
    ).response()


def fault() -> Response:
    """Return the answer to a request that no handler could answer."""
    return Problem(
        500, "internal_error", "a fault in this program; report it with the value of the header X-Request-ID"
    ).response()
