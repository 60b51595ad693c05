"""The commands that the service adds to the command line. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from api.client.commands import app as client
from classifier.errors import MissingExtraError

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of the store: the files, and by default the database.")
]


def _require_extra() -> None:
    """Refuse with the pip command where the service's packages are missing."""
    from importlib.util import find_spec

    needed = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "dbos", "python_multipart", "pydantic_settings")
    if any(find_spec(name) is None for name in needed):
        raise MissingExtraError("the service", "serve")


def _keep_private() -> None:
    """Let nobody else on this machine read what is written from here on."""
    import os

    os.umask(0o077)


def init(
    data: DataOption = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make another key where there are some already.")] = False,
) -> None:
    """Make the store, or bring it up to date, and print the administrator's key."""
    _require_extra()
    _keep_private()
    from sqlalchemy.orm import Session

    from api.settings import load_settings
    from api.store.database import migrate, open_database
    from api.store.keys import has_keys, make_key

    settings = load_settings(data=data)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.files.mkdir(mode=0o700, exist_ok=True)
    engine = open_database(settings)
    migrate(engine)
    typer.echo(f"store: {engine.url.render_as_string()}")
    with Session(engine) as session, session.begin():
        if has_keys(session) and not new_key:
            typer.echo("the store is up to date and its keys stay as they are; --new-key makes another")
            return
        key = make_key(session, "administrator", "admin")
    typer.echo("keep this key: it is stored as a hash, and cannot be shown again")
    typer.echo(f"key: {key}")


def serve(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen at; by default this machine only.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; by default 8000.")] = None,
) -> None:
    """Serve the API over HTTP, and score what is submitted."""
    _require_extra()
    _keep_private()
    from api.serving import serve as run
    from api.settings import load_settings

    run(load_settings(data=data, host=host, port=port))


def register(app: typer.Typer) -> None:
    """Add the service's commands, and its client's, to the command line."""
    app.command()(init)
    app.command()(serve)
    app.add_typer(client, name="client")
