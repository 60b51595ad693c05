"""Routes to what a prediction rests on: its evidence, and the passages of the document."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.http.found import DocumentId, found_document, found_prediction, missing_prediction
from api.http.problems import Problem, described
from api.http.service import ServiceGiven, SessionGiven, Viewer
from api.store.documents import find_prediction
from api.store.leases import withheld
from api.store.passages import Choice, LabelledPassage, ReadingPassages
from classifier.prediction import Evidence, Prediction

router = APIRouter(prefix="/v1/documents", tags=["documents"])

_LAST_NUMBER = 2**31 - 1
OnPage = Annotated[int | None, Query(ge=1, le=_LAST_NUMBER, description="only what stands on this page")]


class EvidenceItem(Evidence):
    """A piece of evidence, and what it is evidence of."""

    key: str = Field(description="strength, a tier or another criterion of the codebook", examples=["tertiary"])
    value: bool | str | None = Field(description="what the model says of it", examples=["emphasised"])


class EvidenceList(BaseModel):
    """All evidence of one prediction: of strength, of each tier, of each criterion."""

    document_id: str
    model: str
    evidence: list[EvidenceItem]


class PassageAnswer(BaseModel):
    """A passage, with what the model says of it."""

    number: int = Field(description="in reading order, from 0")
    id: str = Field(description="as evidence names it", examples=["0f3a52c81e7d9b46"])
    page: int
    start: int = Field(description="offset into the page's text, in code points")
    end: int
    role: str = Field(description="the part of the document it stands in", examples=["body"])
    headings: list[str] = Field(description="path of headings above it, outermost first")
    text: str
    boxes: list[list[float]] = Field(description="[x0, y0, x1, y1] in points from the top left of the page")
    probabilities: dict[str, float] = Field(description="by label", examples=[{"primary": 0.93}])


class PassagePage(BaseModel):
    """Some of a document's passages, in reading order."""

    document_id: str
    model: str | None = Field(description="whose probabilities they are")
    passages: list[PassageAnswer]
    next_after: int | None = Field(description="give it as `after` to get the passages after these; null at the end")


@router.get("/{document_id}/evidence", responses=described(401, 403, 404, 409, 422, 503))
def get_evidence(
    document_id: DocumentId,
    service: ServiceGiven,
    session: SessionGiven,
    caller: Viewer,
    criterion: Annotated[str | None, Query(max_length=100, pattern="^[a-z0-9_]+$", description="only what is evidence of this: strength, a tier or another criterion", examples=["tertiary"])] = None,
    page: OnPage = None,
) -> EvidenceList:  # fmt: skip
    """Return all evidence of the prediction in one flat list."""
    found = found_prediction(session, found_document(session, document_id), service.model.id, caller)
    prediction = Prediction.model_validate_json(found.body)
    answers = _answers(prediction)
    if criterion is not None and criterion not in answers:
        raise Problem(
            422, "criterion_unknown", f"{criterion}: is nothing that evidence is given of; use one of {', '.join(answers)}"
        )  # fmt: skip
    items = [
        EvidenceItem(key=key, value=value, **evidence.model_dump())
        for key, (value, given) in answers.items()
        for evidence in given
        if criterion in (None, key) and page in (None, evidence.page)
    ]
    return EvidenceList(document_id=document_id, model=found.model_id, evidence=items)


@router.get("/{document_id}/passages", responses=described(401, 403, 404, 422, 503))
def get_passages(
    document_id: DocumentId,
    service: ServiceGiven,
    session: SessionGiven,
    caller: Viewer,
    page: OnPage = None,
    label: Annotated[str | None, Query(max_length=100, pattern="^[a-z0-9_]+$", description="only passages to which the model gives this label", examples=["tertiary"])] = None,
    least: Annotated[float, Query(ge=0, le=1, description="with at least this probability")] = 0.5,
    after: Annotated[int, Query(ge=-1, le=_LAST_NUMBER, description="`next_after` of the page before")] = -1,
    limit: Annotated[int, Query(ge=1, le=500, description="how many at most")] = 100,
) -> PassagePage:  # fmt: skip
    """Return a document's passages in reading order, each with its probabilities by label, unless the caller is to label it first."""
    document = found_document(session, document_id)
    hidden = withheld(session, caller.id, document.id)
    prediction = None if hidden else find_prediction(session, document.id, service.model.id)
    passages = ReadingPassages(session, document.id, prediction)
    if prediction is None and passages.reading_id is None:
        raise missing_prediction(session, document)
    if label is not None and label not in passages.labels:
        known = ", ".join(passages.labels) or "none, as it is not scored by labels"
        raise Problem(422, "label_unknown", f"{label}: is no label of these passages; use one of {known}")
    found = passages.after(after, limit + 1, Choice(page, label, least))
    return PassagePage(
        document_id=document.id,
        model=prediction.model_id if prediction is not None else None,
        passages=[_passage(labelled) for labelled in found[:limit]],
        next_after=found[limit - 1].passage.number if len(found) > limit else None,
    )


def _answers(prediction: Prediction) -> dict[str, tuple[bool | str | None, list[Evidence]]]:
    """Return what is said of strength, each tier and each criterion, with the evidence of it."""
    strength = prediction.strength
    found: dict[str, tuple[bool | str | None, list[Evidence]]] = {"strength": (strength.label, strength.evidence)}
    found |= {tier: (said.state, said.evidence) for tier, said in prediction.tiers.items()}
    return found | {key: (said.value, said.evidence) for key, said in prediction.criteria.items()}


def _passage(labelled: LabelledPassage) -> PassageAnswer:
    passage = labelled.passage
    values: dict[str, Any] = {
        "number": passage.number, "id": passage.passage_id, "page": passage.page, "start": passage.start, "end": passage.end,
        "role": passage.role, "headings": json.loads(passage.headings), "text": passage.text,
        "boxes": json.loads(passage.boxes), "probabilities": labelled.probabilities,
    }  # fmt: skip
    return PassageAnswer(**values)
