"""Routes to what two people have coded: side by side, and what a third decides between them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, StringConstraints
from pydantic.functional_validators import AfterValidator
from sqlalchemy.orm import Session

from api.annotation import AnnotationError, document_labels, passage_labels
from api.http.body import SmallBody
from api.http.found import DocumentId, found_document
from api.http.identities import Given
from api.http.problems import Problem, described
from api.http.service import Adjudicator, Cursor, Limit, Service, ServiceGiven, SessionGiven
from api.store.adjudications import AdjudicationError, Coded, Decision, Side, coded_twice, decide, find_coded
from api.store.keys import Caller
from api.store.readings import has_passage
from api.store.tables import Adjudication
from classifier.codebook import Codebook

router = APIRouter(prefix="/v1/review/adjudications", tags=["review"], route_class=SmallBody)

_Word = Annotated[str, StringConstraints(max_length=100)]
_PassageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


def _clean(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds a character that no database keeps")
    return value


class CodedItem(BaseModel):
    """A document that two people have coded."""

    document_id: str
    name: str
    people: list[str] = Field(description="who coded it")
    differing: list[str] = Field(description="criteria on which the two differ")
    differing_passages: int
    decisions: int


class CodedPage(BaseModel):
    """Some of the documents that two people have coded, oldest first."""

    documents: list[CodedItem]
    next_cursor: str | None = Field(description="give it as `cursor` to get the documents after these; null at the end")


class SideAnswer(BaseModel):
    """What one of the two said, before he had seen the prediction or the other's labels."""

    annotation_id: str
    annotator: str
    note: str | None
    codebook_version: str
    created: datetime


class CriterionSides(BaseModel):
    """What both said of a criterion; null where one left it open."""

    criterion: str
    first: str | None
    second: str | None
    agree: bool
    steps: int | None = Field(description="how far apart, where the levels are ordered and both answered")


class PassageSides(BaseModel):
    """What both said of a passage; null where one did not label it."""

    passage_id: str
    first: list[str] | None
    second: list[str] | None
    agree: bool


class DecisionAnswer(BaseModel):
    """What was decided; the two annotations stay as they are."""

    id: str
    number: int
    criteria: dict[str, str]
    passages: dict[str, list[str]]
    note: str | None
    adjudicator: str
    codebook_version: str
    created: datetime


class SideBySide(BaseModel):
    """A document that two people have coded: both, where they differ, and every decision so far, the last of which holds."""

    document_id: str
    name: str
    first: SideAnswer
    second: SideAnswer
    criteria: list[CriterionSides]
    passages: list[PassageSides]
    decisions: list[DecisionAnswer]


class DecisionGiven(Given):
    """What an adjudicator decides: at least everything on which the two differ."""

    criteria: dict[_Word, _Word] = Field(default={}, max_length=100, examples=[{"strength": "strong"}])
    passages: dict[_PassageId, list[_Word]] = Field(default={}, max_length=1_000, examples=[{}])
    note: Annotated[str, AfterValidator(_clean)] | None = Field(default=None, min_length=1, max_length=5_000)
    seen: int = Field(ge=0, le=1_000, description="how many decisions of this document you have seen", examples=[0])


@router.get("", responses=described(401, 403, 422, 503))
def get_adjudications(
    session: SessionGiven,
    _caller: Adjudicator,
    waiting: Annotated[bool, Query(description="only those that wait for a decision")] = True,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CodedPage:
    """List documents that two people have coded, oldest first."""
    rows = coded_twice(session, limit + 1, cursor, waiting=waiting)
    found = [coded for row in rows[:limit] if (coded := find_coded(session, row.id)) is not None]
    return CodedPage(
        documents=[_item(coded) for coded in found], next_cursor=rows[limit - 1].id if len(rows) > limit else None
    )


@router.get("/{document_id}", responses=described(401, 403, 404, 422, 503))
def get_adjudication(
    document_id: DocumentId, service: ServiceGiven, session: SessionGiven, _caller: Adjudicator
) -> SideBySide:
    """Show both annotations of a document side by side, and what was decided."""
    return _side_by_side(_found(session, document_id), service.codebook)


@router.post("/{document_id}", status_code=201, responses=described(400, 401, 403, 404, 409, 413, 422, 503))
def post_adjudication(
    request: Request, document_id: DocumentId, given: DecisionGiven, service: ServiceGiven, caller: Adjudicator
) -> DecisionAnswer:
    """Decide between two annotations. The decision is kept beside both; a later one of the same document holds in its place."""
    with Session(service.engine) as session, session.begin():
        coded = _found(session, document_id)
        decision = _checked(session, service, coded, given)
        return _decided(_decide(session, caller, coded, decision, request.state.id))


def _decide(session: Session, caller: Caller, coded: Coded, decision: Decision, request_id: str) -> Adjudication:
    try:
        return decide(session, caller, coded, decision, request_id)
    except AdjudicationError as error:
        raise Problem(409, "adjudication_conflict", str(error)) from error


def _checked(session: Session, service: Service, coded: Coded, given: DecisionGiven) -> Decision:
    """Return a decision that holds; raise a `Problem` with 422 where it is not the codebook's, or leaves a difference open."""
    first, second = coded.sides
    codebook, document_id = service.codebook, coded.document.id
    open_ = [key for key in _differing(first.criteria, second.criteria) if key not in given.criteria]
    open_ += [f"passage {key}" for key in _differing(_sets(first), _sets(second)) if key not in given.passages]
    if open_:
        raise Problem(422, "undecided", f"{document_id}: the two differ on {', '.join(open_[:20])}; decide on each")
    try:
        criteria = document_labels(codebook, given.criteria).criteria if given.criteria or not given.passages else {}
        passages = {}
        for passage_id, labels in given.passages.items():
            if not has_passage(session, document_id, passage_id):
                raise AnnotationError(f"{passage_id} is no passage of {document_id}; its prediction names them")
            passages[passage_id] = passage_labels(codebook, passage_id, labels).labels
    except AnnotationError as error:
        raise Problem(422, "invalid_annotation", str(error)) from error
    return Decision(criteria, passages, given.note, given.seen, codebook.version)


def _found(session: Session, document_id: str) -> Coded:
    found_document(session, document_id)
    coded = find_coded(session, document_id)
    if coded is None:
        raise Problem(404, "not_coded_twice", f"{document_id}: was not coded by two people yet; those that were are at /v1/review/adjudications")  # fmt: skip
    return coded


def _sets(side: Side) -> Mapping[str, frozenset[str]]:
    return {passage: frozenset(labels) for passage, labels in side.passages.items()}


def _differing(first: Mapping[str, object], second: Mapping[str, object]) -> Sequence[str]:
    """Return the keys under which two mappings differ; what one leaves open is a difference, too."""
    return [key for key in dict.fromkeys([*first, *second]) if first.get(key) != second.get(key)]


def _item(coded: Coded) -> CodedItem:
    first, second = coded.sides
    return CodedItem(
        document_id=coded.document.id, name=coded.document.name,
        people=[side.annotation.annotator for side in coded.sides],
        differing=list(_differing(first.criteria, second.criteria)),
        differing_passages=len(_differing(_sets(first), _sets(second))), decisions=len(coded.decisions),
    )  # fmt: skip


def _side_by_side(coded: Coded, codebook: Codebook) -> SideBySide:
    first, second = coded.sides
    keys = [c.key for c in codebook.criteria if c.key in first.criteria or c.key in second.criteria]
    return SideBySide(
        document_id=coded.document.id, name=coded.document.name, first=_side(first), second=_side(second),
        criteria=[_criterion(codebook, key, first.criteria.get(key), second.criteria.get(key)) for key in keys],
        passages=[
            PassageSides(
                passage_id=key, first=_listed(first.passages.get(key)), second=_listed(second.passages.get(key)),
                agree=key not in _differing(_sets(first), _sets(second)),
            )
            for key in dict.fromkeys([*first.passages, *second.passages])
        ],
        decisions=[_decided(row) for row in coded.decisions],
    )  # fmt: skip


def _listed(labels: Sequence[str] | None) -> list[str] | None:
    return None if labels is None else list(labels)


def _side(side: Side) -> SideAnswer:
    row = side.annotation
    return SideAnswer(
        annotation_id=row.id, annotator=row.annotator, note=row.note, codebook_version=row.codebook_version,
        created=row.created,
    )  # fmt: skip


def _criterion(codebook: Codebook, key: str, first: str | None, second: str | None) -> CriterionSides:
    criterion = codebook.criterion(key)
    steps = None
    if criterion.ordered and first in criterion.levels and second in criterion.levels:
        steps = abs(criterion.levels.index(first) - criterion.levels.index(second))
    return CriterionSides(criterion=key, first=first, second=second, agree=first == second, steps=steps)


def _decided(row: Adjudication) -> DecisionAnswer:
    labels = json.loads(row.labels)
    return DecisionAnswer(
        id=row.id, number=row.number, criteria=labels["criteria"], passages=labels["passages"], note=row.note,
        adjudicator=row.adjudicator_name, codebook_version=row.codebook_version, created=row.created,
    )  # fmt: skip
