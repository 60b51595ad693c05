"""One shard scored: from its documents' places to what is kept of them, by a function that knows no database.

A local process and a Ray worker run the very same function. Task and result are JSON, so that they travel anywhere and can be compared byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from api.corpus.sources import local_file
from api.scoring import error_code
from classifier.artefact import load_parts
from classifier.cache import Cache
from classifier.document import Document
from classifier.errors import DocumentError, ModelError, PreventionError
from classifier.reading import Reading
from classifier.staged import StagedScorer

_FAULT = "could not be scored because of a fault in this program; report it with the run's id"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskDocument(_Frozen):
    """A document to be scored: `place` is a path that every worker can read, or a URL."""

    document_id: str
    digest: str
    name: str
    place: str
    # Whether its passages are in the database already, so that they need not be sent.
    read: bool


class ShardTask(_Frozen):
    """A shard to be scored."""

    run_id: str
    number: int
    model_id: str
    model_folder: str
    cache: str
    ocr: bool
    documents: list[TaskDocument]


class ScoredItem(_Frozen):
    """What came of one document: what the database keeps of it, or the fault."""

    document_id: str
    pages: int = 0
    strength: str | None = None
    body: str = ""
    body_digest: str = ""
    outcome: str = ""
    probabilities: str = ""
    passages: list[dict[str, Any]] = []
    error_code: str | None = None
    error: str | None = None


class ShardResult(_Frozen):
    """What came of a shard, and the seconds that each stage took over all of its documents."""

    number: int
    items: list[ScoredItem]
    seconds: dict[str, float]


def run_shard(task: str) -> str:
    """Score a shard in this process, which keeps the model for the next one."""
    given = ShardTask.model_validate_json(task)
    return score_shard(given, _scorer(given.model_folder, given.model_id, given.cache, given.ocr)).model_dump_json()


@lru_cache(maxsize=1)
def _scorer(folder: str, model_id: str, cache: str, ocr: bool) -> StagedScorer:
    # One thread each: there are as many workers as processors.
    parts = load_parts(Path(folder), threads=1)
    if parts.id != model_id:
        raise ModelError(f"{folder}: holds {parts.id}, and the run was begun with {model_id}; put that model back, or begin another run")  # fmt: skip
    return StagedScorer(parts, Cache(Path(cache)), ocr=ocr)


def score_shard(task: ShardTask, scorer: StagedScorer) -> ShardResult:
    """Return what comes of each document; a fault of one stops none of the others."""
    items: list[ScoredItem] = []
    seconds: dict[str, float] = {}
    for document in task.documents:
        items.append(_item(document, scorer, task.ocr))
        for stage, spent in scorer.seconds.items():
            seconds[stage] = seconds.get(stage, 0.0) + spent
    return ShardResult(number=task.number, items=items, seconds=seconds)


def _item(document: TaskDocument, scorer: StagedScorer, ocr: bool) -> ScoredItem:
    try:
        found = scorer.score(document.digest, document.name, lambda: _read(document, ocr))
    except PreventionError as error:
        return ScoredItem(document_id=document.document_id, error_code=error_code(error), error=str(error))
    except OSError:
        # The disk or the network, and no fault of the document: the shard is tried again.
        raise
    except Exception as error:
        # Only the class: the message may hold what the document says.
        return ScoredItem(
            document_id=document.document_id, error_code="internal_error", error=f"{document.name}: {_FAULT} ({type(error).__name__})"
        )  # fmt: skip
    prediction = found["prediction"]
    body = json.dumps(prediction, ensure_ascii=False)
    return ScoredItem(
        document_id=document.document_id, pages=prediction["document"]["pages"], strength=prediction["strength"]["label"],
        body=body, body_digest=hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest(),
        outcome=json.dumps(_outcome(prediction), ensure_ascii=False), probabilities=json.dumps(found["probabilities"]),
        passages=[] if document.read else found["passages"],
    )  # fmt: skip


def _outcome(prediction: dict[str, Any]) -> dict[str, Any]:
    """Return what a comparison of two runs shows."""
    strength = prediction["strength"]
    return {
        "strength": strength["label"],
        "set": strength["set"],
        "score": strength["score"],
        "probabilities": strength["probabilities"],
        "tiers": {tier: found["state"] for tier, found in prediction["tiers"].items()},
        "evidence": [
            {key: found[key] for key in ("passage", "page", "quote", "heading", "score", "direction")}
            for found in strength["evidence"]
        ],
    }


def _read(document: TaskDocument, ocr: bool) -> Document:
    with local_file(document.place, document.name) as path:
        reading = Reading(path, name=document.name, ocr=ocr)
        try:
            if reading.digest != document.digest:
                raise DocumentError(document.name, f"has other bytes than when it was added (SHA-256 {reading.digest[:12]}…, not {document.digest[:12]}…)", "add it again")  # fmt: skip
            return reading.document()
        finally:
            reading.close()
