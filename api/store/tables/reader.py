"""What the second reader was asked, what it answered, and what that cost. Answers are appended, never changed; none of it is a label."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table

ReadingReason = Literal["demand", "abstained", "disagreement", "share"]
RequestStatus = Literal["queued", "running", "ended"]
ReadingKind = Literal["document", "drafts", "paragraph"]


class ReaderRequest(Table):
    """A second reading that is asked for: its own job, which no other waits for."""

    __tablename__ = "reader_requests"
    __table_args__ = (Index("ix_reader_requests_due", "status", "lease"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(20))
    # What is asked for a second time without anybody's wish is asked once: the reason and the document; null on demand.
    once: Mapped[str | None] = mapped_column(String(100), unique=True)
    # JSON: the passages to draft labels for.
    content: Mapped[str] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(String(64))
    status: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int] = mapped_column(default=0)
    # Until when whoever runs it has it; after that it has died, and another takes it.
    lease: Mapped[datetime] = mapped_column(Moment())
    second_reading_id: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())
    finished: Mapped[datetime | None] = mapped_column(Moment())


class SecondReading(Table):
    """What a language model answered, after every quote was looked for; or why there is no answer. Never written over."""

    __tablename__ = "second_readings"
    __table_args__ = (Index("ix_second_readings_document", "document_id", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    request_id: Mapped[str] = mapped_column(ForeignKey("reader_requests.id"))
    kind: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    sentence: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(String(300))
    model: Mapped[str] = mapped_column(String(200))
    prompt_version: Mapped[str] = mapped_column(String(20))
    prompt_hash: Mapped[str] = mapped_column(String(64))
    text_digest: Mapped[str] = mapped_column(String(64))
    # A hash of document, provider, model, prompt version, schema, codebook version and text.
    cache_key: Mapped[str] = mapped_column(String(64), index=True)
    codebook_version: Mapped[str] = mapped_column(String(50))
    # JSON of what was kept of the answer; "{}" where nothing was.
    body: Mapped[str] = mapped_column(Text)
    quotes_verified: Mapped[int]
    quotes_dropped: Mapped[int]
    prompt_tokens: Mapped[int]
    answer_tokens: Mapped[int]
    cost: Mapped[float] = mapped_column(Float)
    seconds: Mapped[float] = mapped_column(Float)
    created: Mapped[datetime] = mapped_column(Moment())


class ReaderSpend(Table):
    """Tokens set aside before a model is asked, and what it then cost."""

    __tablename__ = "reader_spend"
    __table_args__ = (Index("ix_reader_spend_month", "month", "document_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    tokens: Mapped[int]
    created: Mapped[datetime] = mapped_column(Moment())
    settled: Mapped[datetime | None] = mapped_column(Moment())


class DraftDecision(Table):
    """A person's word on a passage's drafted labels: the annotation that came of them."""

    __tablename__ = "draft_decisions"
    __table_args__ = (UniqueConstraint("second_reading_id", "passage_id", "decided_by"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    second_reading_id: Mapped[str] = mapped_column(ForeignKey("second_readings.id"))
    passage_id: Mapped[str] = mapped_column(String(16))
    annotation_id: Mapped[str] = mapped_column(ForeignKey("annotations.id"))
    decided_by: Mapped[str] = mapped_column(String(64))
    changed: Mapped[bool]
    created: Mapped[datetime] = mapped_column(Moment())
