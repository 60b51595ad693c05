"""The database copied while it is in use: SQLite by its own backup, PostgreSQL by pg_dump."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, inspect, make_url

from api.settings import Settings
from classifier.errors import ConfigurationError


def dump_sqlite(settings: Settings, target: Path) -> None:
    """Write a copy of the database as it is at one moment."""
    source = make_url(settings.url).database
    assert source is not None
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live, closing(sqlite3.connect(target)) as copy:
        # In one step, which keeps nobody from writing: the database is in WAL mode. A copy in several would begin anew at each write.
        live.backup(copy)


def dump_postgresql(settings: Settings, target: Path) -> None:
    """Write the database in pg_dump's own format."""
    _run(settings, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def load_postgresql(settings: Settings, engine: Engine, source: Path) -> None:
    """Load such a dump into an empty database: all of it, or nothing."""
    with engine.connect() as connection:
        found = inspect(connection)
        if found.get_table_names() or "dbos" in found.get_schema_names():
            raise ConfigurationError(
                f"{engine.url.render_as_string()}: the database is not empty, and nothing is written over; make an empty one with createdb"
            )
    name = make_url(settings.url).database or ""
    _run(settings, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--dbname={name}", str(source))  # fmt: skip


def _run(settings: Settings, program: str, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise ConfigurationError(f"{program} is not installed, and PostgreSQL is copied by it; install PostgreSQL's client (Debian: apt-get install postgresql-client)")  # fmt: skip
    # By the environment: what stands on a command line is shown to everybody on this machine.
    done = subprocess.run(  # noqa: S603
        [found, *arguments], env={**os.environ, **_connection(settings)}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise ConfigurationError(f"{program} failed ({lines[0]}); it has to be of the server's version or later, and the database has to be reachable")  # fmt: skip


def _connection(settings: Settings) -> dict[str, str]:
    url = make_url(settings.url)
    given = {
        "PGHOST": url.host, "PGPORT": str(url.port) if url.port is not None else None, "PGUSER": url.username,
        "PGPASSWORD": url.password, "PGDATABASE": url.database, "PGSSLMODE": url.query.get("sslmode"),
        "PGSSLROOTCERT": url.query.get("sslrootcert"), "PGAPPNAME": "prevention",
    }  # fmt: skip
    return {name: str(value) for name, value in given.items() if value is not None}
