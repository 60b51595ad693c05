"""What the service's commands share: the store that they work on, and how it is opened. Nothing heavy is imported before that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.errors import ConfigurationError, MissingExtraError

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

    from api.settings import Settings

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the store: the files, and by default the database.")
]


def require_extra() -> None:
    """Refuse with the pip command where the service's packages are missing."""
    from importlib.util import find_spec

    needed = (
        "fastapi",
        "uvicorn",
        "sqlalchemy",
        "alembic",
        "dbos",
        "python_multipart",
        "pydantic_settings",
        "argon2",
        "structlog",
        "prometheus_client",
        "httpx",
    )
    if any(find_spec(name) is None for name in needed):
        raise MissingExtraError("the service", "serve")


def keep_private() -> None:
    """Let nobody else on this machine read what is written from here on."""
    import os

    os.umask(0o077)


@contextmanager
def opened(data: Path | None) -> Iterator[tuple[Engine, Settings]]:
    """Give out the store's database and settings, whether or not the service runs."""
    require_extra()
    keep_private()
    from api.settings import load_settings
    from api.store.database import check_version, open_database

    settings = load_settings(data=data)
    if not settings.data.is_dir():
        raise ConfigurationError(f"{settings.data}: no such folder; run `prevention init --data {settings.data}`")
    engine = open_database(settings)
    check_version(engine)
    yield engine, settings
    engine.dispose()


@contextmanager
def store(data: Path | None) -> Iterator[Session]:
    """Give out a transaction on the store; it is committed where nothing is raised."""
    with opened(data) as (engine, _):
        from sqlalchemy.orm import Session

        with Session(engine) as session, session.begin():
            yield session


def ask_password(name: str) -> str:
    """Return a person's new password, from PREVENTION_PASSWORD or asked twice on the terminal without being shown."""
    import getpass
    import os
    import sys

    from api.access import check_password

    given = os.environ.get("PREVENTION_PASSWORD")
    if given is None:
        if not sys.stdin.isatty():
            raise ConfigurationError(
                f"{name}: there is no terminal to ask for the password on; set PREVENTION_PASSWORD for this one command"
            )
        given = getpass.getpass(f"password of {name}: ")
        if getpass.getpass("once more: ") != given:
            raise ConfigurationError(f"{name}: the two passwords differ; run the command again")
    return check_password(given)
