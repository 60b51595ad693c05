"""The commands that the service adds to the command line. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.access_commands import keys, people
from api.client.commands import app as client
from api.command_line import DataOption, ask_password, keep_private, opened, require_extra
from api.corpus_commands import corpus
from classifier.commands import labels


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
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Score here, too; without, `prevention worker` processes do.")
    ] = True,
) -> None:
    """Serve the API over HTTP, and score what is submitted."""
    require_extra()
    keep_private()
    from api.serving import serve as run
    from api.settings import load_settings

    run(load_settings(data=data, host=host, port=port), works=worker)


def demo(
    data: DataOption = None,
    port: Annotated[int | None, typer.Option(help="First port to try; by default 8000.")] = None,
    output: Annotated[Path, typer.Option(help="Folder for the report and the log.")] = Path("out"),
    once: Annotated[
        bool, typer.Option("--once", help="End after the sample; so it does without a terminal, and where CI is set.")
    ] = False,
) -> None:
    """Make a store unless it is there, serve it, score the sample strategy through the API, and go on serving."""
    import os
    import sys

    init(data)
    from api.demo import demonstrate
    from api.settings import load_settings

    settings = load_settings(data=data, port=port)
    brief = once or not sys.stdin.isatty() or bool(os.environ.get("CI"))
    raise typer.Exit(demonstrate(settings, output, once=brief))


def worker(
    name: Annotated[str, typer.Option("--id", help="Its id: one worker each, and the same after a restart.")],
    data: DataOption = None,
) -> None:
    """Score what is submitted, beside `prevention serve` and other workers; needs PostgreSQL."""
    require_extra()
    keep_private()
    from api.serving import work
    from api.settings import load_settings

    work(load_settings(data=data), name)


def backup(
    file: Annotated[Path, typer.Argument(help="The backup to write, such as backup.tar; it must not exist yet.")],
    data: DataOption = None,
) -> None:
    """Write database and files into one tar file, while the service runs or not."""
    require_extra()
    keep_private()
    from api.settings import load_settings
    from api.store.backup import back_up
    from api.store.database import check_version, open_database

    settings = load_settings(data=data)
    engine = open_database(settings)
    check_version(engine)
    with _progress("writing") as tell:
        number = back_up(settings, engine, file, tell)
    typer.echo(f"{file}: the database and {number} {'file' if number == 1 else 'files'}")


def restore(
    file: Annotated[Path, typer.Argument(help="A backup that `prevention backup` has written.")],
    data: DataOption = None,
) -> None:
    """Bring a backup back, into an empty folder and, for PostgreSQL, an empty database."""
    require_extra()
    keep_private()
    from api.settings import load_settings
    from api.store.backup import restore as run
    from api.store.database import migrate, open_database

    settings = load_settings(data=data)
    engine = open_database(settings)
    with _progress("checking") as tell:
        number = run(settings, engine, file, tell)
    migrate(engine)
    typer.echo(
        f"{settings.data}: the database and {number} {'file' if number == 1 else 'files'}; start it with `prevention serve`"
    )


def export(
    data: DataOption = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder to write into; by default labelled_data/corrections.")
    ] = None,
) -> None:
    """Write what people said and decided since the last export, for training; each word goes out once."""
    with opened(data) as (engine, settings):
        from api.corrections import FOLDER, export_corrections
        from api.store.files import Files

        folder = output or FOLDER
        found = export_corrections(engine, Files(settings.files), folder)
    for file in found.files:
        typer.echo(str(file))
    typer.echo(f"{found.new} new, {found.documents} documents copied; in {folder}", err=True)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how many bytes are done."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    with Progress(TextColumn(what), BarColumn(), DownloadColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def register(app: typer.Typer) -> None:
    """Add the service's commands, and its client's, to the command line."""
    for command in (init, serve, worker, backup, restore, demo):
        app.command()(command)
    labels.command("export")(export)
    app.add_typer(keys, name="keys")
    app.add_typer(people, name="people")
    app.add_typer(client, name="client")
    app.add_typer(corpus, name="corpus")
