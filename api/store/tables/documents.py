"""Documents and what is made of them. A document is known by the digest of its bytes; a prediction by its document and its model."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table


class StoredDocument(Table):
    """An uploaded document; its bytes lie in the files under their digest."""

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(20))
    size: Mapped[int]
    pages: Mapped[int | None]
    authority: Mapped[str | None] = mapped_column(String(200), index=True)
    # ONS code of a council (E06000019) or ODS code of an NHS body (QWO), where the sender knows it.
    authority_code: Mapped[str | None] = mapped_column(String(20), index=True)
    kind: Mapped[str | None] = mapped_column(String(100), index=True)
    year: Mapped[int | None] = mapped_column(index=True)
    year_end: Mapped[int | None]
    source_url: Mapped[str | None] = mapped_column(String(2000))
    # Who sent it first: the id of a key or of a person. Its size counts towards that one's quota.
    added_by: Mapped[str | None] = mapped_column(String(64), index=True)
    created: Mapped[datetime] = mapped_column(Moment())


class StoredReading(Table):
    """A document's text cut into passages by one version of the extraction. Never written over."""

    __tablename__ = "readings"
    __table_args__ = (UniqueConstraint("document_id", "extraction"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    extraction: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime] = mapped_column(Moment())


class StoredPassage(Table):
    """One passage of a reading, in reading order from 0. Offsets are code points into the page's text."""

    __tablename__ = "passages"
    __table_args__ = (Index("ix_passages_document", "document_id", "page"),)

    reading_id: Mapped[str] = mapped_column(ForeignKey("readings.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    # The classifier's own id of the passage: a hash of digest, page, start and end.
    passage_id: Mapped[str] = mapped_column(String(16), index=True)
    page: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    # The path of headings above it as a JSON list, outermost first.
    headings: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    # A JSON list of [x0, y0, x1, y1], points from the top left of the page; empty where the format has no pages.
    boxes: Mapped[str] = mapped_column(Text)
    # A JSON list of [start, end) of what nobody sees on the page; null where that was not looked for.
    hidden: Mapped[str | None] = mapped_column(Text)


class StoredPrediction(Table):
    """What one model said of one document, as the JSON that is handed out. Never written over."""

    __tablename__ = "predictions"
    __table_args__ = (UniqueConstraint("document_id", "model_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    model_id: Mapped[str] = mapped_column(String(200))
    codebook_version: Mapped[str] = mapped_column(String(50))
    body: Mapped[str] = mapped_column(Text)
    # Which reading it was made from, and each passage's probabilities: JSON {label: [p of passage 0, p of passage 1, …]}.
    reading_id: Mapped[str | None] = mapped_column(ForeignKey("readings.id"))
    passage_probabilities: Mapped[str | None] = mapped_column(Text)
    # Copied out of the body, to be filtered and counted by; null where there was not enough readable text.
    strength: Mapped[str | None] = mapped_column(String(20), index=True)
    created: Mapped[datetime] = mapped_column(Moment())
