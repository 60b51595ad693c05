"""What the pages keep: drafts of what people are about to say, and the evidence that they add or remove."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "drafts",
        _id(),
        _id("owner"),
        _id("document_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("changed", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_drafts_document_id_documents"),
        sa.UniqueConstraint("owner", "document_id", name="uq_drafts_owner"),
    )
    op.create_table(
        "evidence_marks",
        _id(),
        _id("annotation_id"),
        _id("document_id"),
        sa.Column("criterion", sa.String(100), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("passage_id", sa.String(16), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("boxes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_marks"),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["annotations.id"], name="fk_evidence_marks_annotation_id_annotations"
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_evidence_marks_document_id_documents"),
    )
    op.create_index("ix_evidence_marks_annotation", "evidence_marks", ["annotation_id"])
    op.create_index("ix_evidence_marks_document", "evidence_marks", ["document_id"])


def _id(name: str = "id") -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=False)


def downgrade() -> None:
    """Refuse: what people have said is not thrown away."""
    raise NotImplementedError("version 0004 cannot be taken back; restore a backup that was made before it")
