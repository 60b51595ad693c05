"""Figures of the whole store, whichever process made them: what waits, what has ended and how, what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.store.tables import Job, StoredDocument, now


@dataclass(frozen=True, slots=True)
class Figures:
    """Jobs by status, failed jobs by code, the age in seconds of the job that has waited longest, documents and their bytes."""

    jobs: dict[str, int]
    failures: dict[str, int]
    oldest: float
    documents: int
    bytes: int


def figures_of(session: Session) -> Figures:
    """Count."""
    jobs = session.execute(select(Job.status, func.count()).group_by(Job.status)).tuples().all()
    failures = session.execute(
        select(Job.error_code, func.count()).where(Job.status == "failed").group_by(Job.error_code)
    )
    waiting: datetime | None = session.scalar(
        select(Job.created).where(Job.status == "queued").order_by(Job.id).limit(1)
    )
    documents, size = session.execute(select(func.count(), func.coalesce(func.sum(StoredDocument.size), 0))).one()
    return Figures(
        dict(jobs),
        {code or "unknown": number for code, number in failures.tuples()},
        max(0.0, (now() - waiting).total_seconds()) if waiting is not None else 0.0,
        documents,
        int(size),
    )
