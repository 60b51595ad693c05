"""Changes to who may do what: keys made and revoked, people added and changed. Each is written to the audit log."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.audit import record
from api.store.keys import Caller, make_key, scopes_of
from api.store.people import count_administrators, find_person, lock_administrators
from api.store.rows import insert_unless_there
from api.store.sign_ins import end_sign_ins
from api.store.tables import ApiKey, Person, Role, Scope, new_id, now
from classifier.errors import PreventionError

MOST_REQUESTS, MOST_MB = 1_000_000, 1_000_000_000
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200


class AccessError(PreventionError):
    """A change to keys or people is refused."""


class KeyNotFoundError(AccessError):
    """No key has the id."""


class PersonNotFoundError(AccessError):
    """No person has the id or the name."""


class NameTakenError(AccessError):
    """Another person has the name already."""


class UnfitValueError(AccessError):
    """A name, a password or a moment cannot be used."""


class LastAdministratorError(AccessError):
    """Nobody would be left who may administer."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key is to be: whose, for what and within which limits (None: the service's own)."""

    name: str
    role: Role
    scopes: Collection[Scope] | None = None
    expires: datetime | None = None
    rate_per_minute: int | None = None
    quota_mb: int | None = None


@dataclass(frozen=True, slots=True)
class PersonChange:
    """What is to become of a person; None leaves it as it is."""

    role: Role | None = None
    disabled: bool | None = None
    password_hash: str | None = None


def named(given: str) -> str:
    """Return a name in one spelling and without spaces around it; raise `UnfitValueError` where it cannot be one."""
    name = unicodedata.normalize("NFC", given).strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise UnfitValueError(f"{given!r:.100}: cannot be a name; give 1 to 200 characters that can be printed")
    return name


def check_password(given: str) -> str:
    """Return a password that may be used; raise `UnfitValueError`, without showing it, where it may not."""
    if not SHORTEST_PASSWORD <= len(given) <= LONGEST_PASSWORD:
        raise UnfitValueError(
            f"the password has {len(given)} characters, and {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} are asked for; choose another, such as four words in a row"
        )
    return given


def person_named(session: Session, name: str) -> Person:
    """Return the person of a name; raise `PersonNotFoundError` where nobody has it."""
    person = find_person(session, named(name))
    if person is None:
        raise PersonNotFoundError(f"{name}: no person has this name; see them with `prevention people list`")
    return person


def issue_key(session: Session, caller: Caller, grant: Grant, request_id: str | None = None) -> str:
    """Make a key and return it; nobody can be shown it again."""
    if grant.expires is not None and grant.expires <= now():
        raise UnfitValueError(f"expires: {grant.expires}: is past; give a moment to come, or leave it out")
    key = make_key(
        session, grant.name, grant.role, grant.expires, scopes=grant.scopes, rate_per_minute=grant.rate_per_minute,
        quota_mb=grant.quota_mb, created_by=caller.id,
    )  # fmt: skip
    key_id = key.partition(".")[0]
    row = session.get_one(ApiKey, key_id)
    record(session, caller, "key.made", key_id, after=_key_state(row), request_id=request_id)
    return key


def revoke_key(session: Session, caller: Caller, key_id: str, request_id: str | None = None) -> None:
    """Revoke a key for good; its row stays. Raise `LastAdministratorError` where nobody would be left to administer."""
    lock_administrators(session)
    row = session.scalars(select(ApiKey).where(ApiKey.id == key_id).with_for_update()).one_or_none()
    if row is None:
        raise KeyNotFoundError(f"no key has the id {key_id}; list them at /v1/keys or with `prevention keys list`")
    if row.revoked is not None:
        return
    before, row.revoked = _key_state(row), now()
    record(session, caller, "key.revoked", key_id, before=before, after=_key_state(row), request_id=request_id)
    session.flush()
    if row.role == "admin":
        _someone_must_be_left(session, row.name)


def add_person(
    session: Session, caller: Caller, name: str, role: Role, password_hash: str, request_id: str | None = None
) -> Person:
    """Add a person who may sign in. Raise `NameTakenError` where somebody has the name."""
    person_id = new_id("person")
    values = {"name": name, "role": role, "password_hash": password_hash, "created": now()}
    if not insert_unless_there(session, Person, id=person_id, **values):
        raise NameTakenError(f"{name}: is a person here already; choose another name, or change that person")
    person = session.get_one(Person, person_id)
    record(session, caller, "person.added", person_id, after=_person_state(person), request_id=request_id)
    return person


def change_person(
    session: Session,
    caller: Caller,
    person_id: str,
    change: PersonChange,
    *,
    keep: str | None = None,
    request_id: str | None = None,
) -> Person:
    """Change a person. Who is disabled is signed out everywhere; so is who gets another password, but for the session `keep`.

    Raise `LastAdministratorError` where nobody would be left to administer.
    """
    lock_administrators(session)
    person = session.scalars(select(Person).where(Person.id == person_id).with_for_update()).one_or_none()
    if person is None:
        raise PersonNotFoundError(f"no person has the id {person_id}; list them at /v1/people")
    before = _person_state(person)
    if change.role is not None:
        person.role = change.role
    if change.disabled is not None and change.disabled != (person.disabled is not None):
        person.disabled = now() if change.disabled else None
    if change.password_hash is not None:
        person.password_hash = change.password_hash
    after = _person_state(person) | ({"password": "changed"} if change.password_hash is not None else {})
    if after == before:
        return person
    record(session, caller, "person.changed", person_id, before=before, after=after, request_id=request_id)
    session.flush()
    if before["role"] == "admin" and not before["disabled"]:
        _someone_must_be_left(session, person.name)
    if person.disabled is not None or change.password_hash is not None:
        end_sign_ins(session, person_id, but=None if person.disabled is not None else keep)
    return person


def _someone_must_be_left(session: Session, name: str) -> None:
    """Refuse what has just been written where it took the last administrator away; the caller's transaction is rolled back."""
    if not count_administrators(session):
        raise LastAdministratorError(
            f"{name}: is the last administrator's key or person, and somebody has to be left; make another administrator first"
        )


def _key_state(row: ApiKey) -> dict[str, Any]:
    return {
        "name": row.name, "role": row.role, "scopes": scopes_of(row), "expires": row.expires, "revoked": row.revoked,
        "rate_per_minute": row.rate_per_minute, "quota_mb": row.quota_mb,
    }  # fmt: skip


def _person_state(person: Person) -> dict[str, Any]:
    return {"name": person.name, "role": person.role, "disabled": person.disabled is not None}
