"""A request that meets a fault of this program is answered all the same, with the id under which the log tells of it."""

from __future__ import annotations

import asyncio

import httpx
from starlette.types import Receive, Scope, Send

from api.http.problems import ProblemDetails
from api.http.requests import RequestLog


async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Fail as a program does."""
    raise ValueError("a word of the document")


def test_a_fault_is_answered_with_its_id() -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=RequestLog(broken))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/")

    answer = asyncio.run(ask())
    problem = ProblemDetails.model_validate_json(answer.content)
    assert (answer.status_code, problem.code) == (500, "internal_error")
    assert len(answer.headers["x-request-id"]) == 32
    assert "a word" not in answer.text
