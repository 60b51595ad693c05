"""The database: its tables are what the migrations make, and a commit is on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from api.settings import load_settings
from api.store.database import check_version, migrate, open_database
from api.store.tables import Table
from classifier.errors import ConfigurationError


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Leave the queue's tables out of the comparison, which lie in the same SQLite file, and the index of words, which no column has."""
    return name != "ix_passages_words" and (kind != "table" or name in Table.metadata.tables)


def test_migrations_make_the_tables_that_the_program_knows(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": _ours}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), Table.metadata) == []


def test_to_migrate_again_changes_nothing(engine: Engine) -> None:
    migrate(engine)
    check_version(engine)


def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no store; run `prevention init`"):
        check_version(open_database(load_settings(data=tmp_path)))


def test_a_database_of_another_version_is_told(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="is at version 9999, not 0005"):
        check_version(engine)


def test_sqlite_writes_to_the_disk_before_it_answers(tmp_path: Path) -> None:
    with open_database(load_settings(data=tmp_path)).connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://someone:s3cret@127.0.0.1:1/none"
    with pytest.raises(ConfigurationError) as caught:
        check_version(open_database(load_settings(data=tmp_path, database_url=url)))
    assert "s3cret" not in str(caught.value)
    assert "cannot be opened" in str(caught.value)
