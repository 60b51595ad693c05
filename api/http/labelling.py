"""The route that labels passages of text, without a document and without a job."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool

from api.http.body import body_of, parse_body, read_body
from api.http.problems import Problem, described
from api.http.service import Service, ServiceGiven, Viewer
from classifier.batch import AskedPassage, passage_rows

router = APIRouter(prefix="/v1", tags=["scoring"])

MAX_PASSAGES, MAX_CHARACTERS = 200, 4_000
# 200 passages of 4,000 characters, each of them escaped, are no larger.
_MAX_MB = 10
_AT_A_TIME = threading.BoundedSemaphore(2)
_RETRY_AFTER = "2"


class GivenPassage(BaseModel):
    """A passage to label."""

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(max_length=200)] | int | None = Field(default=None, description="given back; by default its number, from 0", examples=["p1"])  # fmt: skip
    text: str = Field(min_length=1, max_length=MAX_CHARACTERS, examples=["Reablement after a stay in hospital."])
    heading: str | None = Field(default=None, max_length=MAX_CHARACTERS, description="the heading above it", examples=["Prevention"])  # fmt: skip


class GivenPassages(BaseModel):
    """Passages to label."""

    model_config = ConfigDict(extra="forbid")

    passages: list[GivenPassage] = Field(min_length=1, max_length=MAX_PASSAGES)


class LabelledPassage(BaseModel):
    """What the model says of a passage."""

    id: str | int
    probabilities: dict[str, float] = Field(description="by passage label", examples=[{"tertiary": 0.97}])
    labels: list[str] = Field(description="whose threshold is reached", examples=[["tertiary"]])


class LabelledPassages(BaseModel):
    """What the model says of each passage, in the order in which they came."""

    model: str
    codebook_version: str
    passages: list[LabelledPassage]


@router.post("/passages:score", responses=described(400, 401, 403, 413, 422, 503), openapi_extra=body_of(GivenPassages))
async def score_passages(request: Request, service: ServiceGiven, _caller: Viewer) -> LabelledPassages:
    """Label up to 200 passages: the same numbers as `prevention passages`. At most two requests are at it at a time."""
    body = await read_body(request, _MAX_MB)
    return await run_in_threadpool(_score, service, body)


def _score(service: Service, body: bytes) -> LabelledPassages:
    given = parse_body(body, GivenPassages).passages
    asked = [
        AskedPassage(id=number if passage.id is None else passage.id, text=passage.text, heading=passage.heading)
        for number, passage in enumerate(given)
    ]
    return LabelledPassages.model_validate(
        {
            "model": service.model.id,
            "codebook_version": service.model.codebook_version,
            "passages": scored(service, asked),
        }
    )


def scored(service: Service, asked: Sequence[AskedPassage]) -> list[dict[str, Any]]:
    """Return what `prevention passages` prints; raise a `Problem` with 503 while two others are at it."""
    with _place():
        return list(passage_rows(asked, service.artefact))


@contextmanager
def _place() -> Iterator[None]:
    if not _AT_A_TIME.acquire(blocking=False):
        raise Problem(503, "scoring_busy", "two requests are being scored, and no more are at a time; send it again", {"Retry-After": _RETRY_AFTER})  # fmt: skip
    try:
        yield
    finally:
        _AT_A_TIME.release()
