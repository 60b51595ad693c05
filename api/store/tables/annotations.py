"""What people say of documents. Appended, never changed; a machine's word is a prediction and lies elsewhere."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table


class Annotation(Table):
    """One person's labels for a document or one of its passages, with the prediction that lay before them, if one did."""

    __tablename__ = "annotations"
    __table_args__ = (
        # The same annotation imported twice is one.
        UniqueConstraint("source", "source_id", name="uq_annotations_source"),
        Index("ix_annotations_document", "document_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    # The classifier's id of a passage; null where the labels are the whole document's.
    passage_id: Mapped[str | None] = mapped_column(String(16))
    # JSON: {criterion: level} for a document, {"labels": […]} for a passage, as the codebook names them.
    labels: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    annotator: Mapped[str] = mapped_column(String(200))
    # Whose request brought it: the id of a key or of a person.
    added_by: Mapped[str] = mapped_column(String(64))
    # Where it comes from ("label-studio", "api"), and its id there with the version of it.
    source: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[str] = mapped_column(String(200))
    codebook_version: Mapped[str] = mapped_column(String(50))
    # The model whose prediction was shown; null where none was.
    model_id: Mapped[str | None] = mapped_column(String(200))
    # Whether the labels differ from that prediction, by comparison; null where none was shown.
    changed: Mapped[bool | None]
    created: Mapped[datetime] = mapped_column(Moment())
