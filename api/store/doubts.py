"""Labels that people gave and a model that has not learned from them doubts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.readings import prediction_by
from api.store.tables import Annotation, StoredDocument
from classifier.codebook import STRENGTHS, TIER_STATES, TIERS
from classifier.prediction import Prediction

_MOST = 5_000


@dataclass(frozen=True, slots=True)
class Doubted:
    """A label beside the level that the model finds likeliest: how many steps lie between, and how probable it finds the label."""

    document_id: str
    name: str
    annotation_id: str
    annotator: str
    criterion: str
    given: str
    likely: str
    steps: int
    probability: float


def doubted(session: Session, model_id: str, codebook_version: str, learned: datetime | None) -> list[Doubted]:
    """Return labels of strength and tiers that the model doubts, the furthest off first, then the least probable.

    Only what was said after its data were taken, at the moment `learned`, is out of its fold; None where it learned from no annotation.
    Of a document's labels the newest of each criterion counts.
    """
    query = select(Annotation).where(Annotation.passage_id.is_(None), Annotation.codebook_version == codebook_version)
    if learned is not None:
        query = query.where(Annotation.created > learned)
    newest: dict[tuple[str, str], tuple[Annotation, str]] = {}
    for row in session.scalars(query.order_by(Annotation.id.desc()).limit(_MOST)):
        for criterion, level in json.loads(row.labels).items():
            newest.setdefault((row.document_id, criterion), (row, level))
    by_document: dict[str, dict[str, tuple[Annotation, str]]] = {}
    for (document, criterion), said in newest.items():
        by_document.setdefault(document, {})[criterion] = said
    found = [one for document, said in by_document.items() for one in _of_document(session, document, model_id, said)]
    return sorted(found, key=lambda d: (-d.steps, d.probability, d.document_id, d.criterion))


def _of_document(
    session: Session, document_id: str, model_id: str, said: Mapping[str, tuple[Annotation, str]]
) -> Iterator[Doubted]:
    kept = prediction_by(session, document_id, model_id)
    if kept is None:
        return
    name = session.get_one(StoredDocument, document_id).name
    for criterion, (levels, probabilities) in _probabilities(Prediction.model_validate_json(kept.body)).items():
        row, given = said.get(criterion, (None, ""))
        if row is None or given not in levels or not probabilities:
            continue
        likely = max(levels, key=lambda level: probabilities.get(level, 0.0))
        if likely != given:
            steps = abs(levels.index(likely) - levels.index(given))
            probability = round(probabilities.get(given, 0.0), 4)
            yield Doubted(document_id, name, row.id, row.annotator, criterion, given, likely, steps, probability)


def _probabilities(prediction: Prediction) -> dict[str, tuple[tuple[str, ...], Mapping[str, float]]]:
    """Return the ordered levels and their probabilities by criterion; none of what too little could be read for."""
    found: dict[str, tuple[tuple[str, ...], Mapping[str, float]]] = {}
    if prediction.strength.label is not None:
        found["strength"] = (STRENGTHS, {str(key): p for key, p in prediction.strength.probabilities.items()})
    for tier in TIERS:
        told = prediction.tiers.get(tier)
        if told is not None and told.state != "not_enough_text":
            found[tier] = (TIER_STATES, told.probabilities)
    return found
