"""Runs over many documents: runs, their shards and documents, and where files lie that were not copied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "corpus_runs",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("model_id", sa.String(200), nullable=False),
        sa.Column("codebook_version", sa.String(50), nullable=False),
        sa.Column("extraction", sa.String(20), nullable=False),
        sa.Column("model_folder", sa.String(2000), nullable=False),
        sa.Column("only", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("finished", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_corpus_runs"),
    )
    op.create_index("ix_corpus_runs_status", "corpus_runs", ["status"])
    _shards()
    _items()
    op.create_table(
        "corpus_locations",
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.PrimaryKeyConstraint("document_id", name="pk_corpus_locations"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_corpus_locations_document_id_documents"),
    )


def _shards() -> None:
    op.create_table(
        "corpus_shards",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("owner", sa.String(200)),
        sa.Column("leased_until", sa.Double()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.PrimaryKeyConstraint("run_id", "number", name="pk_corpus_shards"),
        sa.ForeignKeyConstraint(["run_id"], ["corpus_runs.id"], name="fk_corpus_shards_run_id_corpus_runs"),
    )
    op.create_index("ix_corpus_shards_status", "corpus_shards", ["run_id", "status", "number"])


def _items() -> None:
    op.create_table(
        "corpus_items",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("strength", sa.String(20)),
        sa.Column("prediction_digest", sa.String(64)),
        sa.Column("outcome", sa.Text()),
        sa.Column("error_code", sa.String(50)),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("run_id", "document_id", name="pk_corpus_items"),
        sa.ForeignKeyConstraint(["run_id"], ["corpus_runs.id"], name="fk_corpus_items_run_id_corpus_runs"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_corpus_items_document_id_documents"),
    )
    op.create_index("ix_corpus_items_shard", "corpus_items", ["run_id", "shard"])
    op.create_index("ix_corpus_items_status", "corpus_items", ["run_id", "status", "document_id"])
    op.create_index("ix_corpus_items_document", "corpus_items", ["document_id", "run_id"])
