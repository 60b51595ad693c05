"""Documents and predictions put straight into a database: what review works with, without a model."""

from __future__ import annotations

import hashlib
import json

from sqlalchemy.orm import Session

from api.annotation import Labels
from api.store.annotations import Origin, append
from api.store.keys import Caller
from api.store.tables import Annotation, StoredDocument, StoredPassage, StoredPrediction, StoredReading, new_id, now
from classifier.codebook import STRENGTHS

PASSAGE = "0123456789abcdef"


def person(name: str, role: str = "annotator") -> Caller:
    """Somebody who calls."""
    return Caller(f"person_{name}", name, role)


def add_document(session: Session, name: str, sure: float = 0.6, strength: str = "strong", authority: str = "Saltmarsh") -> str:  # fmt: skip
    """Add a document with one passage and a prediction that is so sure of its strength; return its id."""
    document, reading = f"doc_{name}", f"reading_{name}"
    session.add(
        StoredDocument(
            id=document, digest=hashlib.sha256(name.encode()).hexdigest(), name=f"{name}.md", format="markdown", size=9,
            authority=authority, kind="jhws", year=2024, created=now(),
        )
    )  # fmt: skip
    session.flush()
    session.add(StoredReading(id=reading, document_id=document, extraction="1", created=now()))
    session.flush()
    session.add(
        StoredPassage(
            reading_id=reading, number=0, document_id=document, passage_id=PASSAGE, page=1, start=0, end=9, role="body",
            headings='["Plan", "Home again"]', text=f"Reablement in {name}.", boxes="[]",
        )
    )  # fmt: skip
    add_prediction(session, document, "first", sure, strength, reading)
    return document


def add_prediction(session: Session, document: str, model: str, sure: float, strength: str, reading: str | None = None) -> None:  # fmt: skip
    """Add what a model says of a document."""
    others = (1 - sure) / 4
    body = {"strength": {"label": strength, "probabilities": {s: sure if s == strength else others for s in STRENGTHS}}}
    session.add(
        StoredPrediction(
            id=new_id("prediction"), document_id=document, model_id=model, codebook_version="1.0", body=json.dumps(body),
            reading_id=reading, passage_probabilities=json.dumps({"tertiary": [sure]}), strength=strength, created=now(),
        )
    )  # fmt: skip
    session.flush()


def say(session: Session, who: Caller, document: str, request: str | None = None, passages: tuple[str, ...] | None = None, **criteria: str) -> Annotation:  # fmt: skip
    """Add what somebody says of a document, and of its passage."""
    origin = Origin(document, who.name, "api", f"{who.id}/{request or new_id('request')}", "1.0")
    _, row = append(session, who, origin, Labels(None, criteria, ()), None, None)
    if passages is not None:
        append(session, who, origin, Labels(PASSAGE, {}, passages), None, None)
    return row
