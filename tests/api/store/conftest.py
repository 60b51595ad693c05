"""A database with its tables, for each test its own: SQLite, and PostgreSQL where PREVENTION_TEST_POSTGRES names one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from api.settings import load_settings
from api.store.database import migrate, open_database
from tests.api.databases import BACKENDS, database_url


@pytest.fixture(params=BACKENDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of either kind."""
    with database_url(request.param) as url:
        made = open_database(load_settings(data=tmp_path, database_url=url))
        migrate(made)
        yield made
        made.dispose()
