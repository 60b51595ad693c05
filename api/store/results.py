"""What scoring makes of a document, as it is kept: the reading with its passages, and the prediction. Neither is ever written over."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from api.store.rows import insert_unless_there
from api.store.tables import StoredPassage, StoredPrediction, StoredReading, new_id, now
from classifier.document import Document
from classifier.passages import EXTRACTION
from classifier.score import Scoring
from classifier.staged import passage_row

# Enough to tell probabilities apart; more would only fill the database.
_PLACES = 4


@dataclass(frozen=True, slots=True)
class Result:
    """A scored document ready to be kept: rows of passages, and the prediction's columns."""

    pages: int
    passages: list[dict[str, Any]]
    prediction: dict[str, Any]


def result_of(document: Document, scoring: Scoring) -> Result:
    """Return what is kept of a scoring."""
    found = scoring.prediction
    probabilities = {
        label: [round(float(p), _PLACES) for p in values] for label, values in scoring.probabilities.items()
    }
    return Result(
        len(document.pages),
        [kept_passage(passage_row(document, number, passage)) for number, passage in enumerate(scoring.passages)],
        {
            "model_id": found.model,
            "codebook_version": found.codebook_version,
            "body": json.dumps(found.model_dump(mode="json"), ensure_ascii=False),
            "passage_probabilities": json.dumps(probabilities),
            "strength": found.strength.label,
        },
    )


def kept_passage(row: dict[str, Any]) -> dict[str, Any]:
    """Return a passage's columns from its place on the page."""
    lists = {
        "headings": json.dumps(row["headings"], ensure_ascii=False),
        "boxes": json.dumps(row["boxes"]),
        "hidden": json.dumps(row["hidden"]),
    }
    return {**row, **lists}


def keep_result(session: Session, document_id: str, result: Result) -> None:
    """Keep a result; a reading or a prediction that is there already stays, so that a job that ran twice has one result."""
    key = {"document_id": document_id, "extraction": EXTRACTION}
    if insert_unless_there(session, StoredReading, id=new_id("reading"), created=now(), **key):
        reading_id = session.scalars(select(StoredReading.id).filter_by(**key)).one()
        if result.passages:
            session.execute(
                insert(StoredPassage),
                [{**row, "reading_id": reading_id, "document_id": document_id} for row in result.passages],
            )
    reading_id = session.scalars(select(StoredReading.id).filter_by(**key)).one()
    insert_unless_there(
        session, StoredPrediction, id=new_id("prediction"), document_id=document_id, reading_id=reading_id,
        created=now(), **result.prediction,
    )  # fmt: skip
