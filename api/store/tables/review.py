"""Who reviews what, what was decided between two who differ, and which words of people have left the store to be learned from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table

Outcome = Literal["done", "released", "expired"]
# A place that is given out or done is taken; one that was given back or has run out is free again.
_TAKEN = text("outcome IS NULL OR outcome = 'done'")


class ReviewLease(Table):
    """A document given to one person to review, for a while; it ends with the person's annotation, given back, or run out.

    A document has one place, and two where it is coded by two people.
    """

    __tablename__ = "review_leases"
    __table_args__ = (
        Index("uq_review_leases_place", "document_id", "place", unique=True, sqlite_where=_TAKEN, postgresql_where=_TAKEN),
        Index("uq_review_leases_person", "document_id", "person", unique=True, sqlite_where=_TAKEN, postgresql_where=_TAKEN),
        Index("ix_review_leases_person", "person", "outcome"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    place: Mapped[int]
    # The id of a person or a key, and the name at the time.
    person: Mapped[str] = mapped_column(String(64))
    person_name: Mapped[str] = mapped_column(String(200))
    # Whether the prediction is kept from the person until the annotation is in, and whether two people code the document.
    blind: Mapped[bool]
    double: Mapped[bool]
    # The model whose prediction was there when the lease was taken; null where there was none.
    model_id: Mapped[str | None] = mapped_column(String(200))
    taken: Mapped[datetime] = mapped_column(Moment())
    expires: Mapped[datetime] = mapped_column(Moment())
    ended: Mapped[datetime | None] = mapped_column(Moment())
    outcome: Mapped[str | None] = mapped_column(String(20))
    annotation_id: Mapped[str | None] = mapped_column(ForeignKey("annotations.id"))


class Adjudication(Table):
    """What an adjudicator decided between two blind annotations. Appended, never changed; of a document's decisions the last holds."""

    __tablename__ = "adjudications"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    # From 1 on; who decides says which came before, so that two who decide at once do not overrule each other unseen.
    number: Mapped[int]
    first_id: Mapped[str] = mapped_column(ForeignKey("annotations.id"))
    second_id: Mapped[str] = mapped_column(ForeignKey("annotations.id"))
    # JSON: {"criteria": {criterion: level}, "passages": {passage id: [label, …]}}.
    labels: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    adjudicator: Mapped[str] = mapped_column(String(64))
    adjudicator_name: Mapped[str] = mapped_column(String(200))
    codebook_version: Mapped[str] = mapped_column(String(50))
    created: Mapped[datetime] = mapped_column(Moment())


class ExportedCorrection(Table):
    """An annotation or a part of a decision, by its id in the export, and the one export that it went out with."""

    __tablename__ = "exported_corrections"
    __table_args__ = (Index("ix_exported_corrections_export", "export_id"),)

    # The id of an annotation or a decision.
    source_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    export_id: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())


class ReviewFigure(Table):
    """How unsure a prediction is and how much its passages would teach, told once from the prediction."""

    __tablename__ = "review_figures"

    prediction_id: Mapped[str] = mapped_column(ForeignKey("predictions.id"), primary_key=True)
    # 1 less the probability of the label given, and the expected distance from it in steps.
    error: Mapped[float] = mapped_column(Float)
    steps: Mapped[float] = mapped_column(Float)
    # Bits in the labels of its most doubtful passages.
    information: Mapped[float] = mapped_column(Float)
