"""`prevention keys` and `prevention people`: who may do what, changed on the machine itself."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line import DataOption, ask_password, store

if TYPE_CHECKING:
    from api.store.tables import Scope

keys = typer.Typer(help="Make, list and revoke keys to the service.", no_args_is_help=True)
people = typer.Typer(help="Add, list and disable people who sign in, and set their passwords.", no_args_is_help=True)

# What one answer of the command line shows; the routes show any number, in pages.
_MOST = 10_000


class RoleName(StrEnum):
    """A role, as it is named on the command line."""

    viewer = "viewer"
    annotator = "annotator"
    adjudicator = "adjudicator"
    admin = "admin"


class ScopeName(StrEnum):
    """A scope, as it is named on the command line."""

    read = "read"
    submit = "submit"
    score = "score"
    export = "export"
    annotate = "annotate"
    admin = "admin"


RoleOption = Annotated[RoleName, typer.Option(help="What the key or the person may do at most.")]
PersonArgument = Annotated[str, typer.Argument(help="The person's name.")]


@keys.command("make")
def make_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    role: RoleOption,
    scope: Annotated[
        list[ScopeName] | None, typer.Option(help="Narrow the role to this, and to what is named besides.")
    ] = None,
    expires: Annotated[datetime | None, typer.Option(help="When it ends, in UTC; by default never.")] = None,
    rate: Annotated[int | None, typer.Option(min=1, max=1_000_000, help="Requests a minute.")] = None,
    quota: Annotated[
        int | None, typer.Option(min=0, max=1_000_000_000, help="MB that its documents may fill; 0 for no limit.")
    ] = None,
    data: DataOption = None,
) -> None:
    """Make a key and print it on the last line; it cannot be shown again."""
    with store(data) as session:
        from api.access import Grant, issue_key, named
        from api.store.audit import COMMAND_LINE

        end = expires.replace(tzinfo=UTC) if expires is not None else None
        scopes: list[Scope] | None = [found.value for found in scope] if scope else None
        key = issue_key(session, COMMAND_LINE, Grant(named(name), role.value, scopes, end, rate, quota))
    typer.echo("keep this key: it is stored as a hash, and cannot be shown again")
    typer.echo(f"key: {key}")


@keys.command("list")
def list_keys(data: DataOption = None) -> None:
    """List keys, newest first: id, role and scopes, whether it is live, when it was used last, and its name."""
    with store(data) as session:
        from api.store import keys as store_keys
        from api.store.tables import now

        for row in store_keys.list_keys(session, _MOST):
            scopes = ",".join(store_keys.scopes_of(row) or ["all"])
            ended = row.revoked is not None or (row.expires is not None and row.expires <= now())
            state = "revoked" if row.revoked is not None else "expired" if ended else "live"
            used = f"used {row.last_used:%Y-%m-%d}" if row.last_used is not None else "never used"
            typer.echo(f"{row.id}  {row.role} ({scopes})  {state}  {used}  {row.name}")


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `prevention keys list` shows it.")],
    data: DataOption = None,
) -> None:
    """Revoke a key for good."""
    with store(data) as session:
        from api import access
        from api.store.audit import COMMAND_LINE

        # A whole key begins with its id.
        access.revoke_key(session, COMMAND_LINE, key_id.partition(".")[0])
    typer.echo(f"{key_id.partition('.')[0]}: revoked")


@people.command("add")
def add_person(name: PersonArgument, role: RoleOption, data: DataOption = None) -> None:
    """Add a person who may sign in; the password is asked for, or taken from PREVENTION_PASSWORD."""
    with store(data) as session:
        from api import access
        from api.store.audit import COMMAND_LINE
        from api.store.passwords import hash_password

        name = access.named(name)
        person = access.add_person(session, COMMAND_LINE, name, role.value, hash_password(ask_password(name)))
        typer.echo(f"{person.id}  {person.role}  {person.name}")


@people.command("list")
def list_people(data: DataOption = None) -> None:
    """List people, newest first: id, role, whether they may sign in, and name."""
    with store(data) as session:
        from api.store import people as store_people

        for row in store_people.list_people(session, _MOST):
            typer.echo(f"{row.id}  {row.role}  {'disabled' if row.disabled is not None else 'live'}  {row.name}")


@people.command("disable")
def disable_person(name: PersonArgument, data: DataOption = None) -> None:
    """Let a person sign in no longer, and end the person's sessions."""
    with store(data) as session:
        from api import access
        from api.store.audit import COMMAND_LINE

        person = access.person_named(session, name)
        access.change_person(session, COMMAND_LINE, person.id, access.PersonChange(disabled=True))
    typer.echo(f"{name}: disabled")


@people.command("password")
def set_password(name: PersonArgument, data: DataOption = None) -> None:
    """Set a person's password and end the person's sessions; it is asked for, or taken from PREVENTION_PASSWORD."""
    with store(data) as session:
        from api import access
        from api.store.audit import COMMAND_LINE
        from api.store.passwords import hash_password

        person = access.person_named(session, name)
        change = access.PersonChange(password_hash=hash_password(ask_password(name)))
        access.change_person(session, COMMAND_LINE, person.id, change)
    typer.echo(f"{name}: has a new password")
