"""The second reader: what it was asked, what it answered, what that cost; and which passages nobody can see on the page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the second reader's tables."""
    op.add_column("passages", sa.Column("hidden", sa.Text()))
    _requests()
    _readings()
    _spend()
    _decisions()


def _id(name: str = "id", nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=nullable)


def _requests() -> None:
    op.create_table(
        "reader_requests",
        _id(),
        _id("document_id"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("once", sa.String(100)),
        sa.Column("content", sa.Text(), nullable=False),
        _id("requested_by"),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", _MOMENT, nullable=False),
        _id("second_reading_id", nullable=True),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("finished", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_reader_requests"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_reader_requests_document_id_documents"),
        sa.UniqueConstraint("once", name="uq_reader_requests_once"),
    )
    op.create_index("ix_reader_requests_due", "reader_requests", ["status", "lease"])
    op.create_index("ix_reader_requests_document_id", "reader_requests", ["document_id"])


def _readings() -> None:
    op.create_table(
        "second_readings",
        _id(),
        _id("document_id"),
        _id("request_id"),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("provider", sa.String(300), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("prompt_version", sa.String(20), nullable=False),
        _id("prompt_hash"),
        _id("text_digest"),
        _id("cache_key"),
        sa.Column("codebook_version", sa.String(50), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("quotes_verified", "quotes_dropped", "prompt_tokens", "answer_tokens")),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("cost", "seconds")),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_second_readings"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_second_readings_document_id_documents"),
        sa.ForeignKeyConstraint(
            ["request_id"], ["reader_requests.id"], name="fk_second_readings_request_id_reader_requests"
        ),
    )  # fmt: skip
    op.create_index("ix_second_readings_document", "second_readings", ["document_id", "id"])
    op.create_index("ix_second_readings_cache_key", "second_readings", ["cache_key"])


def _spend() -> None:
    op.create_table(
        "reader_spend",
        _id(),
        sa.Column("month", sa.String(7), nullable=False),
        _id("document_id"),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("settled", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_reader_spend"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_reader_spend_document_id_documents"),
    )
    op.create_index("ix_reader_spend_month", "reader_spend", ["month", "document_id"])


def _decisions() -> None:
    op.create_table(
        "draft_decisions",
        _id(),
        _id("second_reading_id"),
        sa.Column("passage_id", sa.String(16), nullable=False),
        _id("annotation_id"),
        _id("decided_by"),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_draft_decisions"),
        sa.ForeignKeyConstraint(
            ["second_reading_id"], ["second_readings.id"], name="fk_draft_decisions_second_reading_id_second_readings"
        ),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name="fk_draft_decisions_annotation_id_annotations"
        ),
        sa.UniqueConstraint(
            "second_reading_id", "passage_id", "decided_by", name="uq_draft_decisions_second_reading_id"
        ),
    )


def downgrade() -> None:
    """Refuse: what was read and paid for would be thrown away."""
    raise NotImplementedError("version 0006 cannot be taken back; restore a backup that was made before it")
