"""The kinds of database that tests run on."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, make_url, text

_SERVER = os.environ.get("PREVENTION_TEST_POSTGRES")
_absent = pytest.mark.skipif(_SERVER is None, reason="PREVENTION_TEST_POSTGRES names no PostgreSQL server")
AVAILABLE = 1 if _SERVER is None else 2
BACKENDS = ["sqlite", pytest.param("postgresql", marks=_absent)]


@contextmanager
def database_url(backend: str) -> Iterator[str | None]:
    """Yield the URL of an empty database on the test server, dropped afterwards; None for SQLite, which is a file."""
    if backend == "sqlite":
        yield None
        return
    assert _SERVER is not None
    name = f"prevention_{secrets.token_hex(6)}"
    server = create_engine(make_url(_SERVER).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(_SERVER).set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    finally:
        server.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        server.dispose()
