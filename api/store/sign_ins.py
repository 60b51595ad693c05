"""Sessions of people who have signed in: known by a cookie of 256 random bits, kept by its hash, ended here for good."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.store.keys import Caller
from api.store.tables import Person, SignIn, now

LONGEST = timedelta(days=7)
# Each request would otherwise be one more write to the database.
_LAST_USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: its id, whose it is, and the token that a changing request sends beside the cookie."""

    id: str
    caller: Caller
    form_token: str


def begin_sign_in(session: Session, person: Person) -> tuple[str, SignedIn]:
    """Begin a session of a person; return its cookie, which is not kept, and the session. Old sessions go at this occasion."""
    moment, cookie, form_token = now(), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session.execute(delete(SignIn).where(SignIn.expires <= moment))
    row = SignIn(
        id=_hash(cookie), person_id=person.id, form_token=form_token, created=moment, expires=moment + LONGEST,
        last_used=moment,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return cookie, SignedIn(row.id, _caller(person), form_token)


def find_sign_in(session: Session, cookie: str, idle: timedelta, moment: datetime | None = None) -> SignedIn | None:
    """Return whose session a cookie is; None where it has ended, lain idle for too long, or the person is disabled."""
    moment = moment or now()
    found = session.execute(
        select(SignIn, Person).join(Person, Person.id == SignIn.person_id).where(SignIn.id == _hash(cookie))
    ).one_or_none()
    if found is None:
        return None
    row, person = found
    if row.expires <= moment or moment - row.last_used >= idle or person.disabled is not None:
        return None
    if moment - row.last_used > min(_LAST_USED_STEP, idle / 2):
        session.execute(update(SignIn).where(SignIn.id == row.id).values(last_used=moment))
    return SignedIn(row.id, _caller(person), row.form_token)


def end_sign_in(session: Session, sign_in_id: str) -> None:
    """End a session."""
    session.execute(delete(SignIn).where(SignIn.id == sign_in_id))


def end_sign_ins(session: Session, person_id: str, but: str | None = None) -> None:
    """End all sessions of a person, but perhaps the one of an id."""
    session.execute(delete(SignIn).where(SignIn.person_id == person_id, SignIn.id != (but or "")))


def _caller(person: Person) -> Caller:
    return Caller(person.id, person.name, person.role)


def _hash(cookie: str) -> str:
    # As with keys: random bits need no slow hash.
    return hashlib.sha256(cookie.encode()).hexdigest()
