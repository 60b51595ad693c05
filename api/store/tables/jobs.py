"""Jobs, the requests that brought them, and the answers that a repeated request gets again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.store.tables.base import Moment, Table
from api.store.tables.documents import StoredDocument

JobStatus = Literal["queued", "running", "succeeded", "failed"]
Stage = Literal["waiting", "reading", "scoring", "done"]
_UNDER_WAY = text("status IN ('queued', 'running')")


class Job(Table):
    """One attempt to score a document: where it stands, and why it failed if it did."""

    __tablename__ = "jobs"
    __table_args__ = (
        # At most one job of a document is under way, whatever happens between two requests.
        Index("uq_jobs_under_way", "document_id", unique=True, sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
        Index("ix_jobs_document", "document_id", "id"),
        Index("ix_jobs_status", "status", "id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    model_id: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    # The request that queued it, as `X-Request-ID` names it: one id from the request's log to the job's.
    request_id: Mapped[str | None] = mapped_column(String(64))
    error_code: Mapped[str | None] = mapped_column(String(50))
    error: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment())
    started: Mapped[datetime | None] = mapped_column(Moment())
    finished: Mapped[datetime | None] = mapped_column(Moment())

    document: Mapped[StoredDocument] = relationship(lazy="joined")


class Submission(Table):
    """One request that brought several documents: files, a ZIP, or addresses to fetch."""

    __tablename__ = "submissions"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    added_by: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())


class SubmissionItem(Table):
    """One of a submission's documents, or why it was refused (a problem document as JSON)."""

    __tablename__ = "submission_items"

    submission_id: Mapped[str] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(2000))
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    problem: Mapped[str | None] = mapped_column(Text)


class IdempotentAnswer(Table):
    """The answer given to a request that came with an Idempotency-Key, so that the same request gets it again.

    `caller_id` is whose request it was: the id of a key or of a person.
    """

    __tablename__ = "idempotent_answers"

    caller_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    submission_id: Mapped[str | None] = mapped_column(ForeignKey("submissions.id"))
    scored: Mapped[bool]
    created: Mapped[datetime] = mapped_column(Moment())
