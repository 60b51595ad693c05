"""Keys: shown once, kept as a hash, and worth nothing once they have expired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.store.keys import ROLES, Caller, find_caller, make_key
from api.store.tables import ApiKey, now


def test_a_key_names_its_caller_and_is_not_kept(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        key = make_key(session, "reader", "viewer")
        caller = find_caller(session, key)
        (row,) = session.scalars(select(ApiKey))
        assert caller is not None
        assert (caller.name, caller.role) == ("reader", "viewer")
        assert key.partition(".")[2] not in {row.id, row.secret_hash, row.name}
        assert row.last_used is not None


def test_a_key_that_is_wrong_in_one_letter_is_nobodys(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        key = make_key(session, "reader", "viewer")
        key_id = key.partition(".")[0]
        wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
        for given in (wrong, key_id, f"{key_id}.", "", ".", "key_none.", key.upper(), f"{key}x"):
            assert find_caller(session, given) is None, given


def test_a_key_ends_with_its_time(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        assert find_caller(session, make_key(session, "past", "admin", now() - timedelta(seconds=1))) is None
        assert find_caller(session, make_key(session, "future", "admin", now() + timedelta(hours=1))) is not None


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_those_below_it_may(role: str) -> None:
    caller = Caller("key", "someone", role)
    assert [asked for asked in ROLES if caller.may(asked)] == list(ROLES[: ROLES.index(role) + 1])


def test_a_database_holds_no_key_in_the_clear(engine: Engine, tmp_path: Path) -> None:
    with Session(engine) as session, session.begin():
        secret = make_key(session, "reader", "viewer").partition(".")[2]
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert secret.encode() not in written
