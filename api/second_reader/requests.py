"""Second readings that are asked for: put in the queue, taken by one reader at a time, and ended with what came of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from api.second_reader.prompts import VERSION
from api.store.rows import insert_unless_there
from api.store.tables import DraftDecision, ReaderRequest, SecondReading, new_id, now
from api.store.tables.reader import ReadingKind, ReadingReason

# A request during which the reader has died this often is not tried again.
MOST_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that a reader has taken."""

    id: str
    document_id: str
    kind: str
    passages: tuple[str, ...]
    again: bool
    attempt: int


def put(
    session: Session,
    document_id: str,
    requested_by: str,
    *,
    kind: ReadingKind = "document",
    reason: ReadingReason = "demand",
    passages: Sequence[str] = (),
    again: bool = False,
) -> str | None:
    """Queue a request and return its id; None where the service has asked for the same before by itself."""
    name, moment = new_id("request"), now()
    added = insert_unless_there(
        session, ReaderRequest, id=name, document_id=document_id, kind=kind, reason=reason,
        once=None if reason == "demand" else f"{reason}:{document_id}:{VERSION}",
        content=json.dumps({"passages": list(passages), "again": again}), requested_by=requested_by, status="queued",
        attempts=0, lease=moment, created=moment,
    )  # fmt: skip
    return name if added else None


def take(session: Session, lease: timedelta) -> Asked | None:
    """Take the request that has waited longest; nobody else gets it before the lease is over."""
    moment = now()
    due = (ReaderRequest.status != "ended", ReaderRequest.lease <= moment)
    first = select(ReaderRequest.id).where(*due).order_by(ReaderRequest.id).limit(1).with_for_update(skip_locked=True)
    row = session.execute(
        update(ReaderRequest)
        .where(ReaderRequest.id == first.scalar_subquery(), *due)
        .values(status="running", attempts=ReaderRequest.attempts + 1, lease=moment + lease)
        .returning(
            ReaderRequest.id, ReaderRequest.document_id, ReaderRequest.kind, ReaderRequest.content, ReaderRequest.attempts
        )
    ).one_or_none()  # fmt: skip
    if row is None:
        return None
    content = json.loads(row.content)
    return Asked(row.id, row.document_id, row.kind, tuple(content["passages"]), bool(content["again"]), row.attempts)


def has_due(session: Session) -> bool:
    """Tell whether a request waits; this only reads, so that to ask often costs SQLite no lock."""
    query = select(ReaderRequest.id).where(ReaderRequest.status != "ended", ReaderRequest.lease <= now())
    return session.scalar(query.limit(1)) is not None


def hold(session: Session, asked: Asked, lease: timedelta) -> bool:
    """Keep a request that takes longer; tell whether it is still this reader's."""
    mine = (ReaderRequest.id == asked.id, ReaderRequest.status == "running", ReaderRequest.attempts == asked.attempt)
    done = session.execute(update(ReaderRequest).where(*mine).values(lease=now() + lease).returning(ReaderRequest.id))
    return done.scalar() is not None


def end(session: Session, asked: Asked, second_reading_id: str) -> bool:
    """End a request with its reading; tell whether it was still this reader's, so that its reading counts."""
    mine = (ReaderRequest.id == asked.id, ReaderRequest.status == "running", ReaderRequest.attempts == asked.attempt)
    done = session.execute(
        update(ReaderRequest)
        .where(*mine)
        .values(status="ended", finished=now(), second_reading_id=second_reading_id)
        .returning(ReaderRequest.id)
    )
    return done.scalar() is not None


def append(session: Session, name: str, **values: Any) -> None:
    """Append a second reading."""
    session.add(SecondReading(id=name, created=now(), **values))


def kept_reading(session: Session, cache_key: str) -> SecondReading | None:
    """Return the newest reading of the very same text by the same model and prompt, if there is one."""
    query = select(SecondReading).filter_by(cache_key=cache_key, outcome="read").order_by(SecondReading.id.desc())
    return session.scalars(query.limit(1)).first()


def list_requests(session: Session, document_id: str, limit: int) -> Sequence[ReaderRequest]:
    """Return a document's requests, newest first."""
    query = select(ReaderRequest).filter_by(document_id=document_id).order_by(ReaderRequest.id.desc())
    return session.scalars(query.limit(limit)).all()


def list_readings(
    session: Session, document_id: str, limit: int, before: str | None = None
) -> Sequence[SecondReading]:  # fmt: skip
    """Return a document's second readings, newest first; with `before`, those that came before the one of that id."""
    query = select(SecondReading).filter_by(document_id=document_id).order_by(SecondReading.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(SecondReading.id < before)).all()


def newest_reading(session: Session, document_id: str, kind: ReadingKind) -> SecondReading | None:
    """Return the newest reading of that kind that was read to its end."""
    query = select(SecondReading).filter_by(document_id=document_id, kind=kind, outcome="read")
    return session.scalars(query.order_by(SecondReading.id.desc()).limit(1)).first()


def drafted(reading: SecondReading) -> dict[str, list[str]]:
    """Return the labels that a reading drafts, by passage id."""
    passages = json.loads(reading.body).get("passages", {}) if reading.kind == "drafts" else {}
    return {passage: answer["labels"] for passage, answer in passages.items()} if isinstance(passages, dict) else {}


def decide(
    session: Session, reading: SecondReading, passage_id: str, annotation_id: str, decided_by: str, labels: Sequence[str]
) -> bool:  # fmt: skip
    """Write down what a person made of a draft; tell whether the labels were changed. A second word on it changes nothing."""
    changed = set(labels) != set(drafted(reading)[passage_id])
    insert_unless_there(
        session, DraftDecision, id=new_id("decision"), second_reading_id=reading.id, passage_id=passage_id,
        annotation_id=annotation_id, decided_by=decided_by, changed=changed, created=now(),
    )  # fmt: skip
    return changed


def under_way(session: Session, document_id: str, kind: ReadingKind) -> ReaderRequest | None:
    """Return the request of that kind that is not ended yet, if there is one."""
    query = select(ReaderRequest).where(
        ReaderRequest.document_id == document_id,
        ReaderRequest.kind == kind,
        or_(ReaderRequest.status == "queued", ReaderRequest.status == "running"),
    )
    return session.scalars(query.order_by(ReaderRequest.id).limit(1)).first()
