"""The first tables: documents, predictions, jobs, keys and the answers to requests that may be repeated."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_UNDER_WAY = sa.text("status IN ('queued', 'running')")


def upgrade() -> None:
    """Make the tables."""
    _documents_and_predictions()
    _jobs()
    _keys()


def _documents_and_predictions() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("format", sa.String(20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer()),
        sa.Column("authority", sa.String(200)),
        sa.Column("kind", sa.String(100)),
        sa.Column("year", sa.Integer()),
        sa.Column("source_url", sa.String(2000)),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("digest", name="uq_documents_digest"),
    )
    op.create_table(
        "predictions",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("model_id", sa.String(200), nullable=False),
        sa.Column("codebook_version", sa.String(50), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_predictions_document_id_documents"),
        sa.UniqueConstraint("document_id", "model_id", name="uq_predictions_document_id"),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("document_id", sa.String(64), nullable=False),
        sa.Column("model_id", sa.String(200), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(50)),
        sa.Column("error", sa.Text()),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("started", _MOMENT),
        sa.Column("finished", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_jobs_document_id_documents"),
    )
    op.create_index(
        "uq_jobs_under_way",
        "jobs",
        ["document_id"],
        unique=True,
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )
    op.create_index("ix_jobs_document", "jobs", ["document_id", "id"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT),
        sa.Column("last_used", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("api_key_id", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("document_id", sa.String(64)),
        sa.Column("job_id", sa.String(64)),
        sa.Column("scored", sa.Boolean(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("api_key_id", "key", name="pk_idempotent_answers"),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name="fk_idempotent_answers_api_key_id_api_keys"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_idempotent_answers_document_id_documents"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_idempotent_answers_job_id_jobs"),
    )


def downgrade() -> None:
    """Refuse: the tables before this version were none, and a store is not thrown away by a command."""
    raise NotImplementedError("version 0001 is the first; make a new store with `prevention init --data DIR`")
