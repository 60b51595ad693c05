"""What review keeps: leases, decisions between two, figures of predictions, and what has been exported to be learned from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_TAKEN = sa.text("outcome IS NULL OR outcome = 'done'")


def upgrade() -> None:
    """Make the tables of review."""
    _leases()
    _adjudications()
    op.create_table(
        "exported_corrections",
        _id("source_id"),
        _id("export_id"),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_exported_corrections"),
    )
    op.create_index("ix_exported_corrections_export", "exported_corrections", ["export_id"])
    op.create_table(
        "review_figures",
        _id("prediction_id"),
        sa.Column("error", sa.Float(), nullable=False),
        sa.Column("steps", sa.Float(), nullable=False),
        sa.Column("information", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name="pk_review_figures"),
        sa.ForeignKeyConstraint(["prediction_id"], ["predictions.id"], name="fk_review_figures_prediction_id_predictions"),
    )  # fmt: skip


def _id(name: str = "id", nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=nullable)


def _leases() -> None:
    op.create_table(
        "review_leases",
        _id(),
        _id("document_id"),
        sa.Column("place", sa.Integer(), nullable=False),
        _id("person"),
        sa.Column("person_name", sa.String(200), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("double", sa.Boolean(), nullable=False),
        sa.Column("model_id", sa.String(200)),
        sa.Column("taken", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("ended", _MOMENT),
        sa.Column("outcome", sa.String(20)),
        _id("annotation_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_review_leases"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_review_leases_document_id_documents"),
        sa.ForeignKeyConstraint(["annotation_id"], ["annotations.id"], name="fk_review_leases_annotation_id_annotations"),
    )  # fmt: skip
    for name, column in (("place", "place"), ("person", "person")):
        op.create_index(
            f"uq_review_leases_{name}", "review_leases", ["document_id", column], unique=True, sqlite_where=_TAKEN,
            postgresql_where=_TAKEN,
        )  # fmt: skip
    op.create_index("ix_review_leases_person", "review_leases", ["person", "outcome"])


def _adjudications() -> None:
    op.create_table(
        "adjudications",
        _id(),
        _id("document_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _id("first_id"),
        _id("second_id"),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        _id("adjudicator"),
        sa.Column("adjudicator_name", sa.String(200), nullable=False),
        sa.Column("codebook_version", sa.String(50), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adjudications"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_adjudications_document_id_documents"),
        sa.ForeignKeyConstraint(["first_id"], ["annotations.id"], name="fk_adjudications_first_id_annotations"),
        sa.ForeignKeyConstraint(["second_id"], ["annotations.id"], name="fk_adjudications_second_id_annotations"),
        sa.UniqueConstraint("document_id", "number", name="uq_adjudications_document_id"),
    )


def downgrade() -> None:
    """Refuse: what people decided would be thrown away."""
    raise NotImplementedError("version 0003 cannot be taken back; restore a backup that was made before it")
