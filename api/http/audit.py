"""The route to the audit log."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query

from api.http.identities import AuditAnswer, AuditPage, MomentGiven
from api.http.problems import described
from api.http.service import Admin, Cursor, Limit, SessionGiven
from api.store.audit import Filter, list_entries
from api.store.tables import AuditEntry

router = APIRouter(prefix="/v1/audit", tags=["audit"])

_Word = Annotated[str | None, Query(max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]


@router.get("", responses=described(401, 403, 422, 503))
def get_audit(
    session: SessionGiven,
    _caller: Admin,
    actor: _Word = None,
    action: _Word = None,
    subject: _Word = None,
    since: Annotated[MomentGiven | None, Query(description="changes from this moment on, with its zone")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditPage:
    """List changes, newest first: who made them, and how things were before and after."""
    rows = list_entries(session, Filter(actor, action, subject, since), limit + 1, cursor)
    return AuditPage(
        entries=[_answer(row) for row in rows[:limit]], next_cursor=rows[limit - 1].id if len(rows) > limit else None
    )


def _answer(row: AuditEntry) -> AuditAnswer:
    return AuditAnswer(
        id=row.id, created=row.created, actor=row.actor, actor_name=row.actor_name, action=row.action,
        subject=row.subject, request_id=row.request_id,
        before=None if row.before is None else json.loads(row.before),
        after=None if row.after is None else json.loads(row.after),
    )  # fmt: skip
