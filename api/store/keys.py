"""API keys: made once and shown once, kept as a hash, looked up by the id they begin with."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.store.tables import ApiKey, Role, Scope, new_id, now

ROLES: tuple[Role, ...] = ("viewer", "annotator", "adjudicator", "admin")
SCOPES: tuple[Scope, ...] = get_args(Scope)
# A key in use would otherwise be one more write to the database for each request.
_LAST_USED_STEP = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: the id of the key or the person, the name, the role, and what narrows and limits it.

    `scopes` is None where the caller may do all that the role may; a limit is None where the service's own holds.
    """

    id: str
    name: str
    role: str
    scopes: frozenset[str] | None = None
    rate_per_minute: int | None = None
    quota_mb: int | None = None

    def may(self, role: Role) -> bool:
        """Tell whether the caller's role is this one or stands above it."""
        return self.role in ROLES[ROLES.index(role) :]

    def covers(self, scope: Scope) -> bool:
        """Tell whether the caller's scopes hold this one."""
        return self.scopes is None or scope in self.scopes


def make_key(
    session: Session,
    name: str,
    role: Role,
    expires: datetime | None = None,
    *,
    scopes: Collection[Scope] | None = None,
    rate_per_minute: int | None = None,
    quota_mb: int | None = None,
    created_by: str | None = None,
) -> str:
    """Store a new key and return it; nobody can be shown it again."""
    key_id, secret = new_id("key"), secrets.token_urlsafe(32)
    session.add(
        ApiKey(
            id=key_id, secret_hash=_hash(secret), name=name, role=role, created=now(), expires=expires,
            scopes=None if scopes is None else json.dumps([scope for scope in SCOPES if scope in scopes]),
            rate_per_minute=rate_per_minute, quota_mb=quota_mb, created_by=created_by,
        )
    )  # fmt: skip
    session.flush()
    return f"{key_id}.{secret}"


def find_caller(session: Session, key: str) -> Caller | None:
    """Return whose key this is; None where there is no such key, or it has expired or been revoked."""
    key_id, _, secret = key.partition(".")
    row = session.get(ApiKey, key_id)
    # The hash is compared even where there is no such key, so that the time taken tells nothing.
    held = row.secret_hash if row is not None else _hash("")
    if not secrets.compare_digest(held, _hash(secret)) or row is None:
        return None
    moment = now()
    if row.revoked is not None or (row.expires is not None and row.expires <= moment):
        return None
    if row.last_used is None or moment - row.last_used > _LAST_USED_STEP:
        session.execute(update(ApiKey).where(ApiKey.id == key_id).values(last_used=moment))
    scopes = scopes_of(row)
    return Caller(
        row.id, row.name, row.role, None if scopes is None else frozenset(scopes), row.rate_per_minute, row.quota_mb
    )


def scopes_of(key: ApiKey) -> list[Scope] | None:
    """Return the scopes that a key is narrowed to; None where its role alone says what it may."""
    return None if key.scopes is None else json.loads(key.scopes)


def list_keys(session: Session, limit: int, before: str | None = None) -> Sequence[ApiKey]:
    """Return keys, newest first, revoked ones too; with `before`, those that came before the key of that id."""
    query = select(ApiKey).order_by(ApiKey.id.desc()).limit(limit)
    return session.scalars(query.where(ApiKey.id < before) if before is not None else query).all()


def has_keys(session: Session) -> bool:
    """Tell whether the store holds a key."""
    return bool(session.scalar(select(func.count()).select_from(ApiKey)))


def _hash(secret: str) -> str:
    # The secret is 256 random bits: a plain hash cannot be guessed backwards, and a slow one would only slow each request.
    return hashlib.sha256(secret.encode()).hexdigest()
