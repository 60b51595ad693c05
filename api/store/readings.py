"""A document's reading: its passages in order, and what a model said of each of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from api.annotation import Shown, predicted_criteria, predicted_labels
from api.store.tables import StoredPassage, StoredPrediction, StoredReading
from classifier.prediction import Prediction


@dataclass(frozen=True)
class KeptReading:
    """A reading as it is kept."""

    id: str
    document_id: str
    passages: Sequence[StoredPassage]

    @cached_property
    def ids(self) -> list[str]:
        """The classifier's ids of the passages, in order."""
        return [passage.passage_id for passage in self.passages]


def find_reading(session: Session, document_id: str, reading_id: str | None = None) -> KeptReading | None:
    """Return the reading of that id where the document has it, else the document's newest; None where there is none."""
    query = select(StoredReading.id).where(StoredReading.document_id == document_id)
    found = session.scalar(query.where(StoredReading.id == reading_id)) if reading_id is not None else None
    found = found or session.scalar(query.order_by(StoredReading.id.desc()).limit(1))
    return None if found is None else KeptReading(found, document_id, passages_of(session, found))


def passages_of(session: Session, reading_id: str) -> Sequence[StoredPassage]:
    """Return a reading's passages in order, without their boxes."""
    columns = (StoredPassage.passage_id, StoredPassage.page, StoredPassage.start, StoredPassage.end, StoredPassage.text)
    query = select(StoredPassage).where(StoredPassage.reading_id == reading_id).order_by(StoredPassage.number)
    return session.scalars(query.options(load_only(*columns))).all()


def has_passage(session: Session, document_id: str, passage_id: str) -> bool:
    """Tell whether a passage of that id is in any of the document's readings."""
    query = select(StoredPassage.number).where(
        StoredPassage.passage_id == passage_id, StoredPassage.document_id == document_id
    )
    return session.execute(query.limit(1)).first() is not None


def prediction_by(session: Session, document_id: str, model_id: str) -> StoredPrediction | None:
    """Return what this very model said of a document."""
    query = select(StoredPrediction).filter_by(document_id=document_id, model_id=model_id)
    return session.scalars(query).first()


def probabilities_of(prediction: StoredPrediction) -> Mapping[str, Sequence[float]]:
    """Return the passages' probabilities by label; none where there was not enough text, or where they were not kept."""
    kept: Mapping[str, Sequence[float]] = json.loads(prediction.passage_probabilities or "{}")
    return kept


def shown(session: Session, prediction: StoredPrediction, thresholds: Mapping[str, float]) -> Shown:
    """Return a prediction as it is put before an annotator. `thresholds` are its model's, by label."""
    ids = select(StoredPassage.passage_id).where(StoredPassage.reading_id == prediction.reading_id)
    names = session.scalars(ids.order_by(StoredPassage.number)).all()
    return Shown(
        prediction.model_id,
        predicted_criteria(Prediction.model_validate_json(prediction.body)),
        predicted_labels(names, probabilities_of(prediction), thresholds) if names else {},
    )
