"""Routes under /v1/keys."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy.orm import Session

from api.access import Grant, issue_key, revoke_key
from api.http.body import SmallBody
from api.http.identities import KeyAnswer, KeyGiven, KeyMade, KeyPage
from api.http.problems import described
from api.http.service import ID_PATTERN, Admin, Cursor, Limit, ServiceGiven, SessionGiven
from api.store.keys import list_keys, scopes_of
from api.store.tables import ApiKey

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=SmallBody)


@router.get("", responses=described(401, 403, 422, 503))
def get_keys(session: SessionGiven, _caller: Admin, limit: Limit = 50, cursor: Cursor = None) -> KeyPage:
    """List keys, newest first, revoked and expired ones among them."""
    rows = list_keys(session, limit + 1, cursor)
    return KeyPage(
        keys=[_answer(row) for row in rows[:limit]], next_cursor=rows[limit - 1].id if len(rows) > limit else None
    )


@router.post("", status_code=201, responses=described(400, 401, 403, 413, 422, 503))
def make_key(request: Request, given: KeyGiven, service: ServiceGiven, caller: Admin) -> KeyMade:
    """Make a key, and show it this once."""
    with Session(service.engine) as session, session.begin():
        key = issue_key(session, caller, Grant(**given.model_dump()), request.state.id)
        row = session.get_one(ApiKey, key.partition(".")[0])
        return KeyMade(**_answer(row).model_dump(), key=key)


@router.delete("/{key_id}", status_code=204, responses=described(401, 403, 404, 409, 422, 503))
def delete_key(
    request: Request,
    key_id: Annotated[str, Path(max_length=64, pattern=ID_PATTERN)],
    service: ServiceGiven,
    caller: Admin,
) -> None:
    """Revoke a key for good; it stays in the list. The last administrator's key is refused."""
    with Session(service.engine) as session, session.begin():
        revoke_key(session, caller, key_id, request.state.id)


def _answer(row: ApiKey) -> KeyAnswer:
    return KeyAnswer.model_validate(
        {
            "id": row.id, "name": row.name, "role": row.role, "scopes": scopes_of(row), "created_by": row.created_by,
            "rate_per_minute": row.rate_per_minute, "quota_mb": row.quota_mb, "created": row.created,
            "expires": row.expires, "revoked": row.revoked, "last_used": row.last_used,
        }
    )  # fmt: skip
