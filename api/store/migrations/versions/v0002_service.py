"""What the whole service keeps: readings and passages with full-text search, people, audit log, annotations, webhooks, submissions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add to the tables of version 0001, and make the others."""
    _documents()
    _passages()
    _search()
    _jobs()
    _identity()
    _annotations()
    _webhooks()


def _id(name: str = "id", nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=nullable)


def _documents() -> None:
    with op.batch_alter_table("documents") as table:
        table.add_column(sa.Column("authority_code", sa.String(20)))
        table.add_column(sa.Column("year_end", sa.Integer()))
        table.add_column(_id("added_by", nullable=True))
    for column in ("authority", "authority_code", "kind", "year", "added_by"):
        op.create_index(f"ix_documents_{column}", "documents", [column])


def _passages() -> None:
    op.create_table(
        "readings",
        _id(),
        _id("document_id"),
        sa.Column("extraction", sa.String(20), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_readings"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_readings_document_id_documents"),
        sa.UniqueConstraint("document_id", "extraction", name="uq_readings_document_id"),
    )
    op.create_table(
        "passages",
        _id("reading_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        _id("document_id"),
        sa.Column("passage_id", sa.String(16), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("headings", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("boxes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("reading_id", "number", name="pk_passages"),
        sa.ForeignKeyConstraint(["reading_id"], ["readings.id"], name="fk_passages_reading_id_readings"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_passages_document_id_documents"),
    )
    op.create_index("ix_passages_document", "passages", ["document_id", "page"])
    op.create_index("ix_passages_passage_id", "passages", ["passage_id"])
    with op.batch_alter_table("predictions") as table:
        table.add_column(_id("reading_id", nullable=True))
        table.add_column(sa.Column("passage_probabilities", sa.Text()))
        table.add_column(sa.Column("strength", sa.String(20)))
        table.create_foreign_key("fk_predictions_reading_id_readings", "readings", ["reading_id"], ["id"])
    op.create_index("ix_predictions_strength", "predictions", ["strength"])


def _search() -> None:
    """Index what passages say, each database by its own means."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_passages_words ON passages USING gin (to_tsvector('english', text))")
        return
    op.execute(
        "CREATE VIRTUAL TABLE passage_words USING fts5(text, content='passages', content_rowid='rowid', tokenize='porter unicode61')"
    )
    # Passages are appended and never changed, so one trigger keeps the index.
    op.execute(
        "CREATE TRIGGER passages_indexed AFTER INSERT ON passages BEGIN "
        "INSERT INTO passage_words(rowid, text) VALUES (new.rowid, new.text); END"
    )


def _jobs() -> None:
    with op.batch_alter_table("jobs") as table:
        table.add_column(_id("request_id", nullable=True))
    op.create_index("ix_jobs_status", "jobs", ["status", "id"])
    op.create_table(
        "submissions",
        _id(),
        _id("added_by"),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
    )
    op.create_table(
        "submission_items",
        _id("submission_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(2000), nullable=False),
        _id("document_id", nullable=True),
        _id("job_id", nullable=True),
        sa.Column("problem", sa.Text()),
        sa.PrimaryKeyConstraint("submission_id", "number", name="pk_submission_items"),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name="fk_submission_items_submission_id_submissions"
        ),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_submission_items_document_id_documents"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_submission_items_job_id_jobs"),
    )
    with op.batch_alter_table("idempotent_answers") as table:
        # A person may send requests too, so the caller is no longer a key only.
        table.drop_constraint("fk_idempotent_answers_api_key_id_api_keys", type_="foreignkey")
        table.alter_column(
            "api_key_id", new_column_name="caller_id", existing_type=sa.String(64), existing_nullable=False
        )
        table.add_column(_id("submission_id", nullable=True))
        table.create_foreign_key(
            "fk_idempotent_answers_submission_id_submissions", "submissions", ["submission_id"], ["id"]
        )


def _identity() -> None:
    with op.batch_alter_table("api_keys") as table:
        table.add_column(sa.Column("scopes", sa.Text()))
        table.add_column(sa.Column("rate_per_minute", sa.Integer()))
        table.add_column(sa.Column("quota_mb", sa.Integer()))
        table.add_column(_id("created_by", nullable=True))
        table.add_column(sa.Column("revoked", _MOMENT))
    op.create_table(
        "people",
        _id(),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(300), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("disabled", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
        sa.UniqueConstraint("name", name="uq_people_name"),
    )
    op.create_table(
        "sign_ins",
        _id(),
        _id("person_id"),
        sa.Column("form_token", sa.String(64), nullable=False),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("expires", _MOMENT, nullable=False),
        sa.Column("last_used", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ins"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_sign_ins_person_id_people"),
    )
    op.create_index("ix_sign_ins_person_id", "sign_ins", ["person_id"])
    op.create_table(
        "audit_log",
        _id(),
        sa.Column("created", _MOMENT, nullable=False),
        _id("actor"),
        sa.Column("actor_name", sa.String(200), nullable=False),
        sa.Column("action", sa.String(50), nullable=False),
        _id("subject"),
        _id("request_id", nullable=True),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_subject", "audit_log", ["subject", "id"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor"])
    op.create_index("ix_audit_log_action", "audit_log", ["action"])


def _annotations() -> None:
    op.create_table(
        "annotations",
        _id(),
        _id("document_id"),
        sa.Column("passage_id", sa.String(16)),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("annotator", sa.String(200), nullable=False),
        _id("added_by"),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("source_id", sa.String(200), nullable=False),
        sa.Column("codebook_version", sa.String(50), nullable=False),
        sa.Column("model_id", sa.String(200)),
        sa.Column("changed", sa.Boolean()),
        sa.Column("created", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_annotations"),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_annotations_document_id_documents"),
        sa.UniqueConstraint("source", "source_id", name="uq_annotations_source"),
    )
    op.create_index("ix_annotations_document", "annotations", ["document_id", "id"])


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        _id(),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("secret", sa.String(100), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        _id("created_by"),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("disabled", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_table(
        "deliveries",
        _id(),
        _id("webhook_id"),
        sa.Column("event", sa.String(50), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt", _MOMENT),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_error", sa.String(500)),
        sa.Column("created", _MOMENT, nullable=False),
        sa.Column("finished", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name="fk_deliveries_webhook_id_webhooks"),
    )
    op.create_index("ix_deliveries_due", "deliveries", ["status", "next_attempt"])
    op.create_index("ix_deliveries_webhook", "deliveries", ["webhook_id", "id"])


def downgrade() -> None:
    """Refuse: what people said would be thrown away."""
    raise NotImplementedError("version 0002 cannot be taken back; restore a backup that was made before it")
