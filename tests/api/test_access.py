"""Keys and people changed: each change logged, and somebody left who may administer, whoever acts at the same time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.access import (
    AccessError,
    Grant,
    LastAdministratorError,
    NameTakenError,
    PersonChange,
    UnfitValueError,
    add_person,
    change_person,
    check_password,
    issue_key,
    named,
    revoke_key,
)
from api.store.audit import COMMAND_LINE
from api.store.keys import find_caller
from api.store.tables import ApiKey, AuditEntry, Person, Role, now


def administrators(engine: Engine, count: int) -> list[str]:
    """Make administrators, keys and people by turns; return their ids."""
    with Session(engine) as session, session.begin():
        made = []
        for number in range(count):
            if number % 2:
                made.append(add_person(session, COMMAND_LINE, f"admin {number}", "admin", "none").id)
            else:
                made.append(issue_key(session, COMMAND_LINE, Grant(f"admin {number}", "admin")).partition(".")[0])
        return made


def take_away(engine: Engine, which: str) -> bool:
    """Revoke a key or disable a person; tell whether that was allowed."""
    try:
        with Session(engine) as session, session.begin():
            if which.startswith("key_"):
                revoke_key(session, COMMAND_LINE, which)
            else:
                change_person(session, COMMAND_LINE, which, PersonChange(disabled=True))
    except LastAdministratorError:
        return False
    return True


def test_the_last_administrator_stays(engine: Engine) -> None:
    key, person = administrators(engine, 2)
    assert take_away(engine, key)
    assert not take_away(engine, person)
    with Session(engine) as session, pytest.raises(LastAdministratorError, match="make another administrator first"):
        change_person(session, COMMAND_LINE, person, PersonChange(role="viewer"))
    with Session(engine) as session:
        assert session.get_one(Person, person).role == "admin"


@pytest.mark.parametrize("attempt", range(3))
def test_administrators_who_remove_each_other_at_once_leave_one(engine: Engine, attempt: int) -> None:
    made = administrators(engine, 6)
    with ThreadPoolExecutor(6) as pool:
        allowed = list(pool.map(lambda which: take_away(engine, which), made))
    assert allowed.count(False) == 1


@pytest.mark.parametrize(
    ("role", "scopes", "lifetime"), [("viewer", None, 1), ("admin", ["read"], 1), ("admin", None, None)]
)
def test_who_cannot_administer_does_not_count(
    engine: Engine, role: Role, scopes: list[str] | None, lifetime: int | None
) -> None:
    (last,) = administrators(engine, 1)
    with Session(engine) as session, session.begin():
        other = issue_key(session, COMMAND_LINE, Grant("other", role, scopes))  # type: ignore[arg-type]
        if lifetime is None:
            session.get_one(ApiKey, other.partition(".")[0]).expires = now() - timedelta(seconds=1)
    assert not take_away(engine, last)
    assert take_away(engine, other.partition(".")[0])


def test_each_change_is_logged_without_secrets(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        key = issue_key(session, COMMAND_LINE, Grant("robot", "annotator", ["submit", "read"], quota_mb=5), "req1")
        caller = find_caller(session, key)
        assert caller is not None
        assert (caller.scopes, caller.quota_mb, caller.rate_per_minute) == (frozenset({"read", "submit"}), 5, None)
        revoke_key(session, COMMAND_LINE, caller.id, "req2")
        revoke_key(session, COMMAND_LINE, caller.id, "req3")
        assert find_caller(session, key) is None
        person = add_person(session, COMMAND_LINE, "Edda", "admin", "hash one", "req4")
        change = PersonChange(role="viewer", password_hash="hash two")
        with pytest.raises(LastAdministratorError), session.begin_nested():
            change_person(session, COMMAND_LINE, person.id, change)
        issue_key(session, COMMAND_LINE, Grant("admin", "admin"), "req5")
        change_person(session, COMMAND_LINE, person.id, change, request_id="req6")
        change_person(session, COMMAND_LINE, person.id, PersonChange(role="viewer"), request_id="req7")
    with Session(engine) as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(row.action, row.request_id) for row in rows] == [
        ("key.made", "req1"), ("key.revoked", "req2"), ("person.added", "req4"), ("key.made", "req5"), ("person.changed", "req6"),
    ]  # fmt: skip
    assert {row.actor for row in rows} == {"command-line"}
    assert json.loads(rows[1].before or "")["revoked"] is None
    assert json.loads(rows[1].after or "")["revoked"]
    assert json.loads(rows[4].before or "") == {"name": "Edda", "role": "admin", "disabled": False}
    assert json.loads(rows[4].after or "") == {"name": "Edda", "role": "viewer", "disabled": False, "password": "changed"}  # fmt: skip
    written = "".join(f"{row.before}{row.after}" for row in rows)
    assert key.partition(".")[2] not in written
    assert "hash" not in written


def test_a_name_is_one_persons(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        add_person(session, COMMAND_LINE, named("Zoe\u0308"), "viewer", "none")
        with pytest.raises(NameTakenError, match="choose another name"):
            add_person(session, COMMAND_LINE, named(" Zo\u00eb "), "admin", "none")


@pytest.mark.parametrize("name", ["", "  ", "a\x00b", "a\nb", "x" * 201, "\ud800"])
def test_what_cannot_be_a_name_is_told(name: str) -> None:
    with pytest.raises(UnfitValueError, match="cannot be a name; give 1 to 200 characters"):
        named(name)


@pytest.mark.parametrize("password", ["short", "x" * 201])
def test_a_password_that_does_not_fit_is_told_and_not_shown(password: str) -> None:
    with pytest.raises(UnfitValueError, match="12 to 200 are asked for; choose another") as caught:
        check_password(password)
    assert password not in str(caught.value)


def test_a_key_that_would_be_over_at_once_is_not_made(engine: Engine) -> None:
    with Session(engine) as session, pytest.raises(UnfitValueError, match="is past"):
        issue_key(session, COMMAND_LINE, Grant("past", "viewer", expires=now() - timedelta(seconds=1)))


def test_who_is_not_there_cannot_be_changed(engine: Engine) -> None:
    with Session(engine) as session:
        with pytest.raises(AccessError, match="no key has the id key_0; list them"):
            revoke_key(session, COMMAND_LINE, "key_0")
        with pytest.raises(AccessError, match="no person has the id person_0; list them"):
            change_person(session, COMMAND_LINE, "person_0", PersonChange(disabled=True))
