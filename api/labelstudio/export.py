"""A selected document as a task, or as the prediction that Label Studio asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.labelstudio.tasks import prediction, task, task_text
from api.store.readings import KeptReading, find_reading, probabilities_of, shown
from api.store.selection import Selected
from api.store.tables import StoredPrediction
from classifier.prediction import Prediction


def task_of(
    session: Session, selected: Selected, thresholds: Mapping[str, Mapping[str, float]]
) -> dict[str, Any] | None:
    """Return a document as a task with its prediction; None where it is not scored, or its passages were not kept."""
    kept = selected.prediction
    reading = _reading(session, kept)
    if kept is None or reading is None:
        return None
    found = prediction_of(session, kept, reading, thresholds)
    return task(selected.document, reading, kept.codebook_version, found)


def prediction_of(
    session: Session, kept: StoredPrediction, reading: KeptReading, thresholds: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Return a kept prediction as Label Studio takes it; its score is the probability of the strength that it names."""
    strength = Prediction.model_validate_json(kept.body).strength
    score = strength.probabilities[strength.label] if strength.label is not None else 0.0
    put = shown(session, kept, thresholds.get(kept.model_id, {}))
    return prediction(task_text(reading), put, probabilities_of(kept), score)


def _reading(session: Session, kept: StoredPrediction | None) -> KeptReading | None:
    if kept is None or kept.reading_id is None:
        return None
    return find_reading(session, kept.document_id, kept.reading_id)
