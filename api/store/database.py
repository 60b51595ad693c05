"""The connection to SQLite or PostgreSQL, and the version of the tables in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from api.settings import Settings
from api.store.migrations import versions
from classifier.errors import ConfigurationError


def open_database(settings: Settings) -> Engine:
    """Return an engine for the settings' database; connections are made when they are needed."""
    try:
        url = make_url(settings.url)
    except ArgumentError as error:
        raise ConfigurationError(
            "PREVENTION_DATABASE_URL is no database URL; write it as postgresql://user:password@host/name"
        ) from error
    # Parameters hold what documents say; they would go to the log with every error.
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": settings.lock_seconds}, pool_size=20, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return create_engine(
        url, connect_args={"connect_timeout": 10}, pool_size=20, pool_pre_ping=True, hide_parameters=True
    )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # What a transaction has committed must survive a power cut, hence FULL; and a transaction that writes takes the lock
    # when it begins, so that two of them wait for each other instead of failing half way.
    connection.isolation_level = "IMMEDIATE"
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def migrate(engine: Engine) -> None:
    """Bring the tables to the version that this program needs."""
    # Imported here: the service only looks whether the tables fit, at each of its starts, and that takes no Alembic.
    from alembic import command
    from alembic.config import Config

    with _connected(engine) as connection:
        config = Config()
        config.set_main_option("script_location", "api.store:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def check_version(engine: Engine) -> None:
    """Raise `ConfigurationError` where the tables are missing or of another version."""
    needed = newest_version()
    with _connected(engine) as connection:
        kept = inspect(connection).has_table("alembic_version")
        found = connection.scalar(text("SELECT version_num FROM alembic_version")) if kept else None
    if found != needed:
        what = "holds no store" if found is None else f"is at version {found}, not {needed}"
        raise ConfigurationError(f"{engine.url.render_as_string()}: the database {what}; run `prevention init`")


def newest_version() -> str:
    """Return the version of the tables that this program needs: that of its newest migration."""
    return max(path.stem for path in Path(versions.__path__[0]).glob("v*.py")).partition("_")[0].removeprefix("v")


def _connected(engine: Engine) -> Any:
    try:
        return engine.connect()
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        raise ConfigurationError(
            f"{engine.url.render_as_string()}: the database cannot be opened ({reason}); run `prevention init`, or check PREVENTION_DATABASE_URL"
        ) from error
