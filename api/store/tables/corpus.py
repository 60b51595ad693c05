"""Runs over many documents at once: what is scored in them, shard by shard, and what came of each document."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table

RunStatus = Literal["running", "paused", "finished"]
ShardStatus = Literal["waiting", "leased", "done"]
ItemStatus = Literal["waiting", "scored", "failed"]


class CorpusRun(Table):
    """Documents to be scored with one model. Its results are its own: a later run changes none of them."""

    __tablename__ = "corpus_runs"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(200))
    codebook_version: Mapped[str] = mapped_column(String(50))
    extraction: Mapped[str] = mapped_column(String(20))
    # Where the model lies, on every machine that works on the run.
    model_folder: Mapped[str] = mapped_column(String(2000))
    # What the documents were chosen by: a JSON object.
    only: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20), index=True)
    documents: Mapped[int]
    added_by: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())
    finished: Mapped[datetime | None] = mapped_column(Moment())


class CorpusShard(Table):
    """Some of a run's documents, scored one after the other by one worker, and kept together or not at all."""

    __tablename__ = "corpus_shards"
    __table_args__ = (Index("ix_corpus_shards_status", "run_id", "status", "number"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("corpus_runs.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(String(20))
    # Who is at it, and until when nobody else may be, as seconds since 1970.
    owner: Mapped[str | None] = mapped_column(String(200))
    leased_until: Mapped[float | None]
    # How often it was begun.
    attempts: Mapped[int]
    # Seconds of a worker's time.
    seconds: Mapped[float | None]


class CorpusItem(Table):
    """One document of a run, and what came of it."""

    __tablename__ = "corpus_items"
    __table_args__ = (
        Index("ix_corpus_items_shard", "run_id", "shard"),
        Index("ix_corpus_items_status", "run_id", "status", "document_id"),
        Index("ix_corpus_items_document", "document_id", "run_id"),
    )

    run_id: Mapped[str] = mapped_column(ForeignKey("corpus_runs.id"), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    shard: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    strength: Mapped[str | None] = mapped_column(String(20))
    # SHA-256 of the prediction, and what of it a comparison shows: JSON {strength, tiers, evidence}.
    prediction_digest: Mapped[str | None] = mapped_column(String(64))
    outcome: Mapped[str | None] = mapped_column(Text)
    error_code: Mapped[str | None] = mapped_column(String(50))
    error: Mapped[str | None] = mapped_column(Text)


class CorpusLocation(Table):
    """Where a document lies whose file was not copied into the store."""

    __tablename__ = "corpus_locations"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
