"""What people are at (drafts), and which evidence they have added or removed in what they said."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table


class Draft(Table):
    """What one person is about to say of one document. It is written over at each change, and goes once it has been said."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("owner", "document_id", name="uq_drafts_owner"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    # The id of a person, or of a key.
    owner: Mapped[str] = mapped_column(String(64))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    # Counts from 1; who writes names the one that he has seen, so that two windows do not undo each other's work.
    version: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    changed: Mapped[datetime] = mapped_column(Moment())


class EvidenceMark(Table):
    """One piece of evidence that an annotation adds to a criterion or takes from it. Appended, never changed."""

    __tablename__ = "evidence_marks"
    __table_args__ = (
        Index("ix_evidence_marks_annotation", "annotation_id"),
        Index("ix_evidence_marks_document", "document_id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    annotation_id: Mapped[str] = mapped_column(ForeignKey("annotations.id"))
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    criterion: Mapped[str] = mapped_column(String(100))
    # added, or removed.
    verdict: Mapped[str] = mapped_column(String(20))
    passage_id: Mapped[str] = mapped_column(String(16))
    page: Mapped[int]
    # Offsets into the page's text in code points, and the words there.
    start: Mapped[int]
    end: Mapped[int]
    quote: Mapped[str] = mapped_column(Text)
    # A JSON list of [x0, y0, x1, y1], points from the top left of the page.
    boxes: Mapped[str] = mapped_column(Text)
