"""What each person first said of each document, and what people said beside a prediction: what agreement and rates are told from."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.agreement import Reading
from api.annotation import predicted_criteria
from api.review import Reviewed, compared
from api.store.readings import prediction_by
from api.store.tables import Annotation, ReviewLease
from classifier.codebook import Codebook
from classifier.prediction import Prediction


def first_readings(session: Session, version: str, *, blind_only: bool = False) -> list[Reading]:
    """Return what each person first said of each document under this version of the codebook.

    The first word only: what comes after one has seen another's, or a decision, is no reading of one's own. With `blind_only`, only
    what was said before a prediction was seen.
    """
    query = select(Annotation).where(Annotation.passage_id.is_(None), Annotation.codebook_version == version)
    if blind_only:
        blind = select(ReviewLease.annotation_id).where(ReviewLease.blind.is_(True), ReviewLease.outcome == "done")
        query = query.where(Annotation.id.in_(blind))
    found: dict[tuple[str, str], Reading] = {}
    for row in session.scalars(query.order_by(Annotation.id)):
        # Label Studio's annotators come under the key that brought them, so it is the name that tells people apart.
        key = (row.document_id, row.annotator)
        found.setdefault(key, Reading(row.document_id, row.annotator, json.loads(row.labels)))
    return list(found.values())


def reviews_beside_predictions(session: Session, codebook: Codebook) -> Sequence[Reviewed]:
    """Return each review that ended a lease beside the prediction that lay there when the lease was taken."""
    query = select(ReviewLease, Annotation).join(Annotation, Annotation.id == ReviewLease.annotation_id)
    found: list[Reviewed] = []
    for lease, annotation in session.execute(query.where(ReviewLease.outcome == "done").order_by(ReviewLease.id)):
        kept = prediction_by(session, lease.document_id, lease.model_id) if lease.model_id is not None else None
        if kept is None or annotation.codebook_version != kept.codebook_version:
            continue
        predicted = predicted_criteria(Prediction.model_validate_json(kept.body))
        found.append(compared(json.loads(annotation.labels), predicted, codebook, blind=lease.blind))
    return found
