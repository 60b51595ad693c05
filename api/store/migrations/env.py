"""Run by Alembic: carries out the migrations on the connection it is handed."""

from __future__ import annotations

from alembic import context

from api.store.tables import Table

# SQLite cannot alter most of a table in place; in batches Alembic builds it anew and moves the rows.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()
