"""The route to labels that the model in use doubts: one of the two is wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.http.problems import described
from api.http.service import Adjudicator, ServiceGiven, SessionGiven
from api.store.doubts import doubted

router = APIRouter(prefix="/v1/review/doubts", tags=["review"])

# What a model's folder says of the data that it was trained on.
_SNAPSHOT = "snapshot.json"


class DoubtAnswer(BaseModel):
    """A label that somebody gave, and what the model, which has not learned from it, finds likelier."""

    document_id: str
    name: str
    annotation_id: str
    annotator: str
    criterion: str
    given: str
    likely: str
    steps: int = Field(description="between the two, on the ordered levels")
    probability: float = Field(description="of the label given")


class Doubts(BaseModel):
    """Labels in doubt, the furthest off first."""

    model: str
    learned: datetime | None = Field(description="when the model's data were taken; only what was said later is judged")
    doubts: list[DoubtAnswer]


@router.get("", responses=described(401, 403, 422, 503))
def get_doubts(
    service: ServiceGiven,
    session: SessionGiven,
    _caller: Adjudicator,
    limit: Annotated[int, Query(ge=1, le=500, description="how many at most")] = 50,
) -> Doubts:
    """List labels of strength and tiers that the model in use doubts, out of its fold: it has not learned from them."""
    learned = _learned(service.in_use.folder)
    found = doubted(session, service.model.id, service.codebook.version, learned)
    return Doubts(model=service.model.id, learned=learned, doubts=[DoubtAnswer(**asdict(one)) for one in found[:limit]])


def _learned(folder: Path) -> datetime | None:
    path = folder / _SNAPSHOT
    return datetime.fromisoformat(json.loads(path.read_bytes())["made"]) if path.is_file() else None
