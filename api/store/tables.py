"""The tables. A document is known by the digest of its bytes; a prediction by its document and the model that made it."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import DateTime, ForeignKey, Index, MetaData, String, Text, TypeDecorator, UniqueConstraint, text
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

JobStatus = Literal["queued", "running", "succeeded", "failed"]
Stage = Literal["waiting", "reading", "scoring", "done"]
Role = Literal["viewer", "annotator", "adjudicator", "admin"]

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id(kind: str) -> str:
    """Return a fresh id such as `doc_…`; ids of one kind sort by the time they were made (microseconds, then by chance)."""
    return f"{kind}_{time.time_ns() // 1000:014x}{secrets.token_hex(8)}"


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is given back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give a moment from SQLite its zone back."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Table(DeclarativeBase):
    """What all tables share: names of constraints that a migration can rely on."""

    metadata = MetaData(naming_convention=NAMING)


class StoredDocument(Table):
    """An uploaded document; its bytes lie in the files under their digest."""

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    pages: Mapped[int | None]
    authority: Mapped[str | None] = mapped_column(String(200))
    kind: Mapped[str | None] = mapped_column(String(100))
    year: Mapped[int | None]
    source_url: Mapped[str | None] = mapped_column(String(2000))
    created: Mapped[datetime] = mapped_column(Moment())


class StoredPrediction(Table):
    """What one model said of one document, as the JSON that is handed out. Never written over."""

    __tablename__ = "predictions"
    __table_args__ = (UniqueConstraint("document_id", "model_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    model_id: Mapped[str] = mapped_column(String(200))
    codebook_version: Mapped[str] = mapped_column(String(50))
    body: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment())


class Job(Table):
    """One attempt to score a document: where it stands, and why it failed if it did."""

    __tablename__ = "jobs"
    __table_args__ = (
        # At most one job of a document is under way, whatever happens between two requests.
        Index(
            "uq_jobs_under_way",
            "document_id",
            unique=True,
            sqlite_where=text("status IN ('queued', 'running')"),
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index("ix_jobs_document", "document_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    model_id: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    stage: Mapped[str] = mapped_column(String(20))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None] = mapped_column(String(50))
    error: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment())
    started: Mapped[datetime | None] = mapped_column(Moment())
    finished: Mapped[datetime | None] = mapped_column(Moment())

    document: Mapped[StoredDocument] = relationship(lazy="joined")


class ApiKey(Table):
    """A key to the service, kept as a hash: whoever reads the database cannot use it."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime] = mapped_column(Moment())
    expires: Mapped[datetime | None] = mapped_column(Moment())
    last_used: Mapped[datetime | None] = mapped_column(Moment())


class IdempotentAnswer(Table):
    """The answer given to a request that came with an Idempotency-Key, so that the same request gets it again."""

    __tablename__ = "idempotent_answers"

    api_key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"))
    job_id: Mapped[str | None] = mapped_column(ForeignKey("jobs.id"))
    scored: Mapped[bool]
    created: Mapped[datetime] = mapped_column(Moment())
