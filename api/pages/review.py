"""The page of one document: its pages on the left, the codebook on the right."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from api.annotation import NOT_ENOUGH_TEXT
from api.http.found import DocumentId, found_document, review_blind
from api.http.service import Service, ServiceGiven, SessionGiven
from api.pages.considered import LABEL_OF
from api.pages.criteria import Asked, asked, by_part
from api.pages.rendering import render, words
from api.pages.segments import shown_passages
from api.pages.visitor import PageRoute, Visitor
from api.store.annotations import list_annotations
from api.store.documents import find_prediction, latest_job
from api.store.drafts import find_draft
from api.store.leases import withheld
from api.store.marks import marks_of
from api.store.overview import newer_than, older_than
from api.store.passages import Choice, LabelledPassage, ReadingPassages
from api.store.sign_ins import SignedIn
from api.store.tables import Annotation, StoredDocument, StoredPrediction
from classifier.codebook import Codebook
from classifier.prediction import Prediction

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ALL = 2**31 - 1
_EARLIER = 100


@router.get("/documents/{document_id}")
def get_document(document_id: DocumentId, service: ServiceGiven, session: SessionGiven, visitor: Visitor) -> Response:
    """Show a document beside the codebook, or where its job stands while it is not scored."""
    document = found_document(session, document_id)
    if withheld(session, visitor.caller.id, document_id):
        raise review_blind(document_id)
    around: dict[str, Any] = {"newer": newer_than(session, document_id), "older": older_than(session, document_id)}
    kept = find_prediction(session, document_id, service.model.id)
    if kept is None:
        job = latest_job(session, document_id)
        return render("waiting.html", signed_in=visitor, document=document, job=job, **around)
    prediction = Prediction.model_validate_json(kept.body)
    passages = ReadingPassages(session, document_id, kept).after(-1, _ALL, Choice())
    criteria = asked(service.codebook, prediction, passages, service.thresholds.get(kept.model_id, {}))
    earlier = list_annotations(session, _EARLIER, None, document_id)
    return render(
        "review.html",
        signed_in=visitor,
        document=document,
        prediction=prediction,
        parts=by_part(criteria),
        passages=_text(document, passages, criteria),
        labels=service.codebook.passage_labels,
        earlier=_told(session, service.codebook, earlier),
        may_review=visitor.caller.may("annotator"),
        unreadable=NOT_ENOUGH_TEXT,
        labelled=LABEL_OF,
        data=_data(service, session, visitor, document, kept, criteria, earlier),
        **around,
    )


def _text(document: StoredDocument, passages: Sequence[LabelledPassage], criteria: Sequence[Asked]) -> Sequence[Any]:
    """Return the text that stands for pages where the format has none."""
    if document.format == "pdf":
        return []
    return shown_passages(passages, [place for one in criteria for place in one.places])


def _data(
    service: Service, session: Session, visitor: SignedIn, document: StoredDocument, kept: StoredPrediction,
    criteria: Sequence[Asked], earlier: Sequence[Annotation],
) -> Mapping[str, Any]:  # fmt: skip
    """Return what the page's scripts work with."""
    draft = find_draft(session, visitor.caller.id, document.id)
    known = kept.model_id in service.thresholds
    return {
        "document": document.id,
        "format": document.format,
        "file": f"/v1/documents/{document.id}/file",
        # What the service no longer has the thresholds of cannot be compared with.
        "model": kept.model_id if known else None,
        "thresholds": service.thresholds.get(kept.model_id, {}),
        "labels": {label.key: words(label.key) for label in service.codebook.passage_labels},
        "criteria": {
            one.criterion.key: {"levels": [*one.criterion.levels, NOT_ENOUGH_TEXT], "value": one.value} for one in criteria
        },
        "words": {level: words(level) for one in criteria for level in [*one.criterion.levels, NOT_ENOUGH_TEXT]},
        "names": {one.criterion.key: words(one.criterion.key) for one in criteria},
        "questions": {one.criterion.key: one.criterion.question for one in criteria},
        "labelOf": LABEL_OF,
        "pages": document.pages or 1,
        "places": [asdict(place) for one in criteria for place in one.places],
        "seen": earlier[0].id if earlier else "",
        "draft": {
            "id": draft.id if draft is not None else None,
            "version": draft.version if draft is not None else 0,
            "content": json.loads(draft.content) if draft is not None else None,
        },
        "mayReview": visitor.caller.may("annotator"),
    }  # fmt: skip


def _told(session: Session, codebook: Codebook, rows: Sequence[Annotation]) -> list[dict[str, Any]]:
    """Return what people have said of the whole document, newest first."""
    marks = marks_of(session, [row.id for row in rows])
    order = [criterion.key for criterion in codebook.criteria]
    return [
        {
            "row": row,
            "levels": sorted(json.loads(row.labels).items(), key=lambda item: order.index(item[0]) if item[0] in order else _ALL),
            "marks": marks.get(row.id, []),
        }
        for row in rows
        if row.passage_id is None
    ]  # fmt: skip
