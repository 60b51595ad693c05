"""What SQLite and PostgreSQL can both do with a row, and SQLAlchemy only says for each of them."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.store.tables import Table


def insert_unless_there(session: Session, table: type[Table], **values: Any) -> bool:
    """Insert a row unless it would break a unique constraint; tell whether it was inserted.

    Another transaction that is inserting the same row is waited for. On SQLite this takes the lock for writing.
    """
    if session.get_bind().dialect.name == "postgresql":
        done = session.execute(postgresql.insert(table).values(**values).on_conflict_do_nothing())
    else:
        done = session.execute(sqlite.insert(table).values(**values).on_conflict_do_nothing())
    return cast("CursorResult[Any]", done).rowcount == 1
