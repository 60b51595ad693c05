"""A person signed in and out again. The work on passwords is slow on purpose: call `sign_in` where nothing waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from api.store.audit import record
from api.store.keys import Caller
from api.store.passwords import hash_password, is_outdated, is_right
from api.store.people import find_person
from api.store.sign_ins import SignedIn, begin_sign_in, end_sign_in
from api.store.tables import Person

# Whoever fails to sign in is not known. What was typed as the name may be a password, so that is not written down.
_STRANGER = Caller("nobody", "nobody", "viewer")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to sign in, with the address it comes from and the id of its request."""

    name: str
    password: str
    address: str
    request_id: str | None = None


def sign_in(engine: Engine, attempt: Attempt) -> tuple[str, SignedIn] | None:
    """Begin a session and return its cookie with it; None where name and password do not fit, whichever of them is wrong."""
    with Session(engine) as session:
        person = find_person(session, attempt.name)
    held = person.password_hash if person is not None else None
    right = is_right(attempt.password, held)
    renewed = hash_password(attempt.password) if right and held is not None and is_outdated(held) else held
    with Session(engine) as session, session.begin():
        begun = None
        if person is not None and right and _still_holds(session, person, renewed):
            begun = begin_sign_in(session, session.get_one(Person, person.id))
        record(
            session,
            begun[1].caller if begun is not None else _STRANGER,
            "session.begun" if begun is not None else "session.refused",
            person.id if person is not None else "unknown",
            after={"address": attempt.address},
            request_id=attempt.request_id,
        )
        return begun


def sign_out(session: Session, signed_in: SignedIn, request_id: str | None = None) -> None:
    """End a session."""
    end_sign_in(session, signed_in.id)
    record(session, signed_in.caller, "session.ended", signed_in.caller.id, request_id=request_id)


def _still_holds(session: Session, person: Person, renewed: str | None) -> bool:
    """Tell whether the password that was right a moment ago still is, and lock the row, so that no session begins on one that has just been changed."""
    holds = session.execute(
        update(Person)
        .where(Person.id == person.id, Person.password_hash == person.password_hash, Person.disabled.is_(None))
        .values(password_hash=renewed)
        .returning(Person.id)
    )
    return holds.scalar_one_or_none() is not None
