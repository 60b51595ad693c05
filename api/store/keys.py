"""API keys: made once and shown once, kept as a hash, looked up by the id they begin with."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.store.tables import ApiKey, Role, new_id, now

ROLES: tuple[Role, ...] = ("viewer", "annotator", "adjudicator", "admin")
# A key in use would otherwise be one more write to the database for each request.
_LAST_USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: the id of the key or the person, the name and the role."""

    id: str
    name: str
    role: str

    def may(self, role: Role) -> bool:
        """Tell whether the caller's role is this one or stands above it."""
        return self.role in ROLES[ROLES.index(role) :]


def make_key(session: Session, name: str, role: Role, expires: datetime | None = None) -> str:
    """Store a new key and return it; nobody can be shown it again."""
    key_id, secret = new_id("key"), secrets.token_urlsafe(32)
    session.add(ApiKey(id=key_id, secret_hash=_hash(secret), name=name, role=role, created=now(), expires=expires))
    return f"{key_id}.{secret}"


def find_caller(session: Session, key: str) -> Caller | None:
    """Return whose key this is; None where there is no such key or it has expired."""
    key_id, _, secret = key.partition(".")
    row = session.get(ApiKey, key_id)
    # The hash is compared even where there is no such key, so that the time taken tells nothing.
    held = row.secret_hash if row is not None else _hash("")
    if not secrets.compare_digest(held, _hash(secret)) or row is None:
        return None
    moment = now()
    if row.expires is not None and row.expires <= moment:
        return None
    if row.last_used is None or moment - row.last_used > _LAST_USED_STEP:
        session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used=moment))
    return Caller(row.id, row.name, row.role)


def has_keys(session: Session) -> bool:
    """Tell whether the store holds a key."""
    return bool(session.scalar(select(func.count()).select_from(ApiKey)))


def _hash(secret: str) -> str:
    # The secret is 256 random bits: a plain hash cannot be guessed backwards, and a slow one would only slow each request.
    return hashlib.sha256(secret.encode()).hexdigest()
