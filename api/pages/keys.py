"""The page on which administrators make and revoke keys."""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter, Response

from api.http.service import Cursor, ServiceGiven, SessionGiven
from api.pages.rendering import render
from api.pages.visitor import Administrator, PageRoute
from api.store.keys import list_keys, scopes_of
from api.store.tables import Role, Scope, now

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
# Shown from what most keys need to what few do.
_SCOPES: tuple[Scope, ...] = get_args(Scope)
_ROLES: tuple[Role, ...] = get_args(Role)


@router.get("/keys")
def get_keys(service: ServiceGiven, session: SessionGiven, visitor: Administrator, cursor: Cursor = None) -> Response:
    """List keys, newest first, with the form that makes another."""
    rows = list_keys(session, _ON_A_PAGE + 1, cursor)
    shown = rows[:_ON_A_PAGE]
    return render(
        "keys.html",
        signed_in=visitor,
        found=[(row, scopes_of(row)) for row in shown],
        older=f"/keys?cursor={shown[-1].id}" if len(rows) > _ON_A_PAGE else None,
        now=now(),
        roles=_ROLES,
        scopes=_SCOPES,
        rate=service.settings.rate_per_minute,
    )
