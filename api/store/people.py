"""People who sign in, and who is left to administer."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from api.store.keys import scopes_of
from api.store.tables import ApiKey, Person, now


def find_person(session: Session, name: str) -> Person | None:
    """Return the person of a name."""
    return session.scalars(select(Person).where(Person.name == name)).one_or_none()


def list_people(session: Session, limit: int, before: str | None = None) -> Sequence[Person]:
    """Return people, newest first, disabled ones too; with `before`, those who came before the person of that id."""
    query = select(Person).order_by(Person.id.desc()).limit(limit)
    return session.scalars(query.where(Person.id < before) if before is not None else query).all()


def lock_administrators(session: Session) -> None:
    """Make other transactions that would take an administrator away wait for this one; SQLite lets one write at a time anyway."""
    for table in (ApiKey, Person):
        session.execute(select(table.id).where(table.role == "admin").order_by(table.id).with_for_update())


def count_administrators(session: Session) -> int:
    """Count the keys and the people that may administer at this moment."""
    live = or_(ApiKey.expires.is_(None), ApiKey.expires > now())
    keys = session.scalars(select(ApiKey).where(ApiKey.role == "admin", ApiKey.revoked.is_(None), live))
    people = select(func.count()).select_from(Person).where(Person.role == "admin", Person.disabled.is_(None))
    return sum("admin" in (scopes_of(key) or ["admin"]) for key in keys) + (session.scalar(people) or 0)
