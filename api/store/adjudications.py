"""Documents that two people have coded, and what was decided between them: appended beside both, never in their place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api.store.audit import record
from api.store.keys import Caller
from api.store.leases import PLACES
from api.store.rows import insert_unless_there
from api.store.tables import Adjudication, Annotation, ReviewLease, StoredDocument, new_id, now
from classifier.errors import PreventionError


class AdjudicationError(PreventionError):
    """A decision cannot be taken: somebody has decided meanwhile, or whoever decides is one of the two."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of two blind annotations: who gave it, levels by criterion, labels by passage."""

    annotation: Annotation
    person: str
    criteria: Mapping[str, str]
    passages: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Coded:
    """A document that two people have coded, with every decision so far, oldest first."""

    document: StoredDocument
    sides: tuple[Side, Side]
    decisions: Sequence[Adjudication]


def coded_twice(
    session: Session, limit: int, after: str | None = None, *, waiting: bool = True
) -> Sequence[StoredDocument]:
    """Return documents that two people have coded, oldest first; those that wait for a decision, or all."""
    done = (
        select(ReviewLease.document_id)
        .where(ReviewLease.double.is_(True), ReviewLease.outcome == "done")
        .group_by(ReviewLease.document_id)
        .having(func.count() >= PLACES)
    )
    query = select(StoredDocument).where(StoredDocument.id.in_(done)).order_by(StoredDocument.id).limit(limit)
    if waiting:
        query = query.where(StoredDocument.id.not_in(select(Adjudication.document_id)))
    return session.scalars(query.where(StoredDocument.id > after) if after is not None else query).all()


def find_coded(session: Session, document_id: str) -> Coded | None:
    """Return a document with its two annotations side by side; None where two people have not coded it."""
    query = select(ReviewLease).filter_by(document_id=document_id, double=True, outcome="done")
    leases = session.scalars(query.order_by(ReviewLease.place)).all()
    if len(leases) < PLACES:
        return None
    first, second = (_side(session, lease) for lease in leases[:PLACES])
    decided = select(Adjudication).filter_by(document_id=document_id).order_by(Adjudication.number)
    return Coded(session.get_one(StoredDocument, document_id), (first, second), session.scalars(decided).all())


def _side(session: Session, lease: ReviewLease) -> Side:
    """Return what a person said under a lease: the annotation that ended it, and the labels of passages until then."""
    annotation = session.get_one(Annotation, lease.annotation_id)
    # Labels of passages that come with the same request are in the same transaction, and may be a little later.
    origin = Annotation.source_id.startswith(f"{annotation.source_id}#", autoescape=True)
    query = select(Annotation).where(
        Annotation.document_id == lease.document_id, Annotation.added_by == lease.person,
        Annotation.passage_id.is_not(None), Annotation.created >= lease.taken,
        or_(Annotation.created <= annotation.created, origin),
    )  # fmt: skip
    passages = {row.passage_id or "": json.loads(row.labels)["labels"] for row in session.scalars(query.order_by(Annotation.id))}  # fmt: skip
    return Side(annotation, lease.person, json.loads(annotation.labels), passages)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an adjudicator decides, and how many decisions of the document he has seen."""

    criteria: Mapping[str, str]
    passages: Mapping[str, Sequence[str]]
    note: str | None
    seen: int
    codebook_version: str


def decide(session: Session, caller: Caller, coded: Coded, decision: Decision, request_id: str | None) -> Adjudication:
    """Append a decision. Raise `AdjudicationError` where another has come meanwhile, or where the caller is one of the two."""
    first, second = coded.sides
    if caller.id in (first.person, second.person):
        raise AdjudicationError(f"{coded.document.id}: {caller.name} is one of the two who coded it; a third has to decide")  # fmt: skip
    name = new_id("decision")
    labels: dict[str, Any] = {"criteria": dict(decision.criteria), "passages": {key: list(given) for key, given in decision.passages.items()}}  # fmt: skip
    added = decision.seen == len(coded.decisions) and insert_unless_there(
        session, Adjudication, id=name, document_id=coded.document.id, number=decision.seen + 1,
        first_id=first.annotation.id, second_id=second.annotation.id, labels=json.dumps(labels), note=decision.note,
        adjudicator=caller.id, adjudicator_name=caller.name, codebook_version=decision.codebook_version, created=now(),
    )  # fmt: skip
    if not added:
        raise AdjudicationError(f"{coded.document.id}: {decision.seen} decisions were seen, and there is another by now; look at it, and decide again")  # fmt: skip
    record(
        session, caller, "adjudication.added", name, request_id=request_id,
        after={"document_id": coded.document.id, "first": first.annotation.id, "second": second.annotation.id, **labels},
    )  # fmt: skip
    return session.get_one(Adjudication, name)
