"""What SQLite and PostgreSQL can both do with a row, and SQLAlchemy only says for each of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.store.tables import Table


def insert_unless_there(session: Session, table: type[Table], **values: Any) -> bool:
    """Insert a row unless it would break a unique constraint; tell whether it was inserted.

    Another transaction that is inserting the same row is waited for. On SQLite this takes the lock for writing.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    # What is returned tells, not the count of rows: that is not known of every insert.
    done = session.execute(insert(table).values(**values).on_conflict_do_nothing().returning(literal(1)))
    return done.scalar() is not None
