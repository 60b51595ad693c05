"""The commands that the service adds to the command line. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from typing import Annotated

import typer

from api.access_commands import keys, people
from api.command_line import DataOption, ask_password, keep_private, require_extra


def init(
    data: DataOption = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make another key where there are some already.")] = False,
    admin: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Also add a person who administers and can sign in; the password is asked for, or taken from PREVENTION_PASSWORD.",
        ),
    ] = None,
) -> None:
    """Make the store, or bring it up to date, and print the administrator's key."""
    require_extra()
    keep_private()
    from sqlalchemy.orm import Session

    from api.access import Grant, add_person, issue_key, named
    from api.settings import load_settings
    from api.store.audit import COMMAND_LINE
    from api.store.database import migrate, open_database
    from api.store.keys import has_keys
    from api.store.passwords import hash_password

    # Asked for first: whoever mistypes a password finds nothing half made.
    password_hash = hash_password(ask_password(named(admin))) if admin is not None else None
    settings = load_settings(data=data)
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.files.mkdir(mode=0o700, exist_ok=True)
    engine = open_database(settings)
    migrate(engine)
    typer.echo(f"store: {engine.url.render_as_string()}")
    key = None
    with Session(engine) as session, session.begin():
        if admin is not None and password_hash is not None:
            person = add_person(session, COMMAND_LINE, named(admin), "admin", password_hash)
            typer.echo(f"{person.name}: may sign in and administer")
        if new_key or not has_keys(session):
            key = issue_key(session, COMMAND_LINE, Grant("administrator", "admin"))
    if key is None:
        typer.echo("the store is up to date and its keys stay as they are; --new-key makes another")
        return
    typer.echo("keep this key: it is stored as a hash, and cannot be shown again")
    typer.echo(f"key: {key}")


def serve(
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen at; by default this machine only.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen at; by default 8000.")] = None,
) -> None:
    """Serve the API over HTTP, and score what is submitted."""
    require_extra()
    keep_private()
    from api.serving import serve as run
    from api.settings import load_settings

    run(load_settings(data=data, host=host, port=port))


def register(app: typer.Typer) -> None:
    """Add the service's commands to the command line."""
    app.command()(init)
    app.command()(serve)
    app.add_typer(keys, name="keys")
    app.add_typer(people, name="people")
