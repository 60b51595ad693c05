"""Leases: a document is given to one person to review, or to two where it is coded twice, and never to more."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.store.audit import record
from api.store.keys import Caller
from api.store.rows import insert_unless_there
from api.store.tables import Annotation, ReviewLease, new_id, now

PLACES = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a lease of one document: for how long, whether blind, whether two people code it, beside which model's prediction."""

    lasts: timedelta
    blind: bool
    double: bool
    model_id: str | None


def end_expired(session: Session) -> None:
    """Free the places of leases that have run out."""
    moment = now()
    session.execute(
        update(ReviewLease)
        .where(ReviewLease.outcome.is_(None), ReviewLease.expires <= moment)
        .values(outcome="expired", ended=moment)
    )


def take_lease(
    session: Session, caller: Caller, document_id: str, terms: Terms, request_id: str | None
) -> ReviewLease | None:
    """Give a document to the caller, or lengthen the lease that the caller has; None where all its places are taken.

    Who has done a document, or is at it in another place, gets no second one. What was given back once is not given blind again: it
    may have been looked at since.
    """
    held = lease_held(session, caller.id, document_id)
    if held is not None:
        held.expires = now() + terms.lasts
        return held
    seen = _given_back(session, caller.id, document_id)
    if seen and terms.double:
        return None
    moment, lease_id = now(), new_id("lease")
    for place in range(PLACES if terms.double else 1):
        if insert_unless_there(
            session, ReviewLease, id=lease_id, document_id=document_id, place=place, person=caller.id,
            person_name=caller.name, blind=terms.blind and not seen, double=terms.double, model_id=terms.model_id,
            taken=moment, expires=moment + terms.lasts,
        ):  # fmt: skip
            record(
                session, caller, "lease.taken", lease_id, request_id=request_id,
                after={"document_id": document_id, "place": place, "blind": terms.blind and not seen, "double": terms.double},
            )  # fmt: skip
            return session.get_one(ReviewLease, lease_id)
    return None


def release_lease(session: Session, caller: Caller, lease: ReviewLease, request_id: str | None) -> None:
    """Give a document back; one that has ended already stays as it is."""
    ended = session.execute(
        update(ReviewLease)
        .where(ReviewLease.id == lease.id, ReviewLease.outcome.is_(None))
        .values(outcome="released", ended=now())
        .returning(ReviewLease.id)
    ).scalar()
    if ended is not None:
        record(session, caller, "lease.released", lease.id, after={"document_id": lease.document_id}, request_id=request_id)  # fmt: skip


def finish_lease(session: Session, person: str, document_id: str, annotation_id: str) -> None:
    """End the lease that a person has on a document with the person's annotation; without one, nothing is to be ended.

    One that has run out counts all the same, unless another has got its place meanwhile.
    """
    query = select(ReviewLease).filter_by(person=person, document_id=document_id).order_by(ReviewLease.id.desc())
    lease = session.scalars(query.limit(1)).first()
    if lease is None or lease.outcome not in (None, "expired"):
        return
    done = (
        update(ReviewLease)
        .where(ReviewLease.id == lease.id, ReviewLease.outcome.is_(None) | (ReviewLease.outcome == "expired"))
        .values(outcome="done", ended=now(), annotation_id=annotation_id)
    )
    with suppress(IntegrityError), session.begin_nested():
        session.execute(done)


def lease_held(session: Session, person: str, document_id: str) -> ReviewLease | None:
    """Return the lease that a person has on a document."""
    query = select(ReviewLease).filter_by(person=person, document_id=document_id, outcome=None)
    return session.scalars(query).one_or_none()


def leases_held(session: Session, person: str) -> Sequence[ReviewLease]:
    """Return a person's leases that have not ended, oldest first."""
    query = select(ReviewLease).filter_by(person=person, outcome=None).where(ReviewLease.expires > now())
    return session.scalars(query.order_by(ReviewLease.id)).all()


def withheld(session: Session, person: str, document_id: str) -> bool:
    """Tell whether a document's prediction is kept from a person: it was given blind, and the annotation is not in.

    A lease that has run out withholds it still, one that was given back does not.
    """
    return bool(_withheld(session, select(ReviewLease.id).filter_by(person=person, document_id=document_id)))


def all_withheld(session: Session, person: str) -> frozenset[str]:
    """Return the ids of all documents whose prediction is kept from a person."""
    return _withheld(session, select(ReviewLease.id).where(ReviewLease.person == person))


def _withheld(session: Session, leases: Select[str]) -> frozenset[str]:
    newest = leases.with_only_columns(func.max(ReviewLease.id)).group_by(ReviewLease.document_id)
    labelled = select(Annotation.id).where(
        Annotation.document_id == ReviewLease.document_id, Annotation.added_by == ReviewLease.person,
        Annotation.passage_id.is_(None), Annotation.created >= ReviewLease.taken,
    )  # fmt: skip
    query = select(ReviewLease.document_id).where(
        ReviewLease.id.in_(newest), ReviewLease.blind.is_(True),
        ReviewLease.outcome.is_(None) | (ReviewLease.outcome == "expired"), ~labelled.exists(),
    )  # fmt: skip
    return frozenset(session.scalars(query))


def being_coded(session: Session) -> frozenset[str]:
    """Return the ids of documents that two people code and not both have done: nobody shall see what the first said."""
    counted = (
        select(ReviewLease.document_id, func.count(ReviewLease.annotation_id).label("done"))
        .where(ReviewLease.double.is_(True))
        .group_by(ReviewLease.document_id)
    )
    return frozenset(row.document_id for row in session.execute(counted) if row.done < PLACES)


def _given_back(session: Session, person: str, document_id: str) -> bool:
    query = select(ReviewLease.id).filter_by(person=person, document_id=document_id, outcome="released")
    return session.scalars(query.limit(1)).first() is not None
