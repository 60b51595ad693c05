"""The audit log: every change, with who made it and how things were before and after. Written in the change's own transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.keys import Caller
from api.store.tables import AuditEntry, new_id, now

# Who acts where a command is run on the machine itself, with no key and nobody signed in.
COMMAND_LINE = Caller("command-line", "command line", "admin")


def record(
    session: Session,
    caller: Caller,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Write down a change in the caller's transaction: it is logged when, and only when, it is made.

    `before` and `after` hold neither secrets nor what a document says.
    """
    session.add(
        AuditEntry(
            id=new_id("audit"), created=now(), actor=caller.id, actor_name=caller.name, action=action, subject=subject,
            request_id=request_id, before=_json(before), after=_json(after),
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries are looked for; None leaves it open."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None


def list_entries(session: Session, wanted: Filter, limit: int, before: str | None = None) -> Sequence[AuditEntry]:
    """Return entries, newest first; with `before`, those that came before the entry of that id."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    for column in ("actor", "action", "subject"):
        value = getattr(wanted, column)
        if value is not None:
            query = query.where(getattr(AuditEntry, column) == value)
    if wanted.since is not None:
        query = query.where(AuditEntry.created >= wanted.since)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query).all()


def _json(values: Mapping[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False, default=str, sort_keys=True)
