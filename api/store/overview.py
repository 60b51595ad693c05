"""Documents as a list shows them: each with its newest job, its strength, and who has said something of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.store.drafts import drafted
from api.store.tables import Annotation, Job, StoredDocument, StoredPrediction


@dataclass(frozen=True, slots=True)
class Overview:
    """A document in a list. `strength` is None where it is not scored, or where too little of it could be read."""

    document: StoredDocument
    job: Job | None
    scored: bool
    strength: str | None
    reviewers: tuple[str, ...]
    drafted: bool


def overviews(session: Session, rows: Sequence[StoredDocument], model_id: str, owner: str) -> list[Overview]:
    """Return documents with what belongs to them; `owner` is whose drafts count."""
    ids = [row.id for row in rows]
    newest = select(func.max(Job.id)).where(Job.document_id.in_(ids)).group_by(Job.document_id)
    jobs = {job.document_id: job for job in session.scalars(select(Job).where(Job.id.in_(newest)))}
    strengths = _strengths(session, ids, model_id)
    reviewers = _reviewers(session, ids)
    begun = drafted(session, owner)
    return [
        Overview(
            row, jobs.get(row.id), row.id in strengths, strengths.get(row.id), tuple(reviewers.get(row.id, ())), row.id in begun,
        )
        for row in rows
    ]  # fmt: skip


def older_than(session: Session, document_id: str) -> str | None:
    """Return the id of the next document in a list that begins with the newest; None at its end."""
    query = select(StoredDocument.id).where(StoredDocument.id < document_id)
    return session.scalars(query.order_by(StoredDocument.id.desc()).limit(1)).first()


def newer_than(session: Session, document_id: str) -> str | None:
    """Return the id of the document before this one in such a list; None at its beginning."""
    query = select(StoredDocument.id).where(StoredDocument.id > document_id)
    return session.scalars(query.order_by(StoredDocument.id).limit(1)).first()


def _strengths(session: Session, ids: Sequence[str], model_id: str) -> dict[str, str | None]:
    """Return strengths by document: by this model where it has told, else by the newest other."""
    rows = session.execute(
        select(StoredPrediction.document_id, StoredPrediction.model_id, StoredPrediction.strength)
        .where(StoredPrediction.document_id.in_(ids))
        .order_by(StoredPrediction.id)
    ).all()
    return {row.document_id: row.strength for row in sorted(rows, key=lambda row: row.model_id == model_id)}


def _reviewers(session: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    rows = session.execute(
        select(Annotation.document_id, Annotation.annotator)
        .where(Annotation.document_id.in_(ids), Annotation.passage_id.is_(None))
        .group_by(Annotation.document_id, Annotation.annotator)
        .order_by(Annotation.annotator)
    )
    found: dict[str, list[str]] = {}
    for document_id, annotator in rows:
        found.setdefault(document_id, []).append(annotator)
    return found
