"""The page on which people sign in, and the way out."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.http.problems import Problem
from api.http.service import Service, ServiceGiven
from api.http.session import admit, give_cookie, take_cookie
from api.pages.rendering import render
from api.pages.visitor import SIGN_IN, PageRoute, find_visitor
from api.sign_in import sign_out
from api.store.sign_ins import SignedIn

router = APIRouter(route_class=PageRoute, include_in_schema=False)

HOME = "/documents"
_MAX = 400
_Field = Annotated[str, Form(max_length=_MAX)]


@router.get("/")
def get_home() -> Response:
    """Lead to the documents."""
    return RedirectResponse(HOME, 303)


@router.get(SIGN_IN)
def get_sign_in(
    request: Request, service: ServiceGiven, next: Annotated[str, Query(max_length=2000)] = HOME  # noqa: A002
) -> Response:  # fmt: skip
    """Show the form, unless somebody has signed in already."""
    if find_visitor(request, service) is not None:
        return RedirectResponse(_safe(next), 303)
    return render("sign_in.html", next=_safe(next), name="", error=None)


@router.post(SIGN_IN)
async def post_sign_in(
    request: Request, service: ServiceGiven, name: _Field = "", password: _Field = "", next: _Field = HOME  # noqa: A002
) -> Response:  # fmt: skip
    """Sign somebody in and lead on to the page that was wanted."""
    _check_origin(request)
    try:
        cookie, _ = await admit(request, service, name, password)
    except Problem as problem:
        page = render("sign_in.html", problem.status, next=_safe(next), name=name, error=problem.detail)
        page.headers.update({key: value for key, value in (problem.headers or {}).items() if key == "Retry-After"})
        return page
    answer = RedirectResponse(_safe(next), 303)
    give_cookie(request, answer, cookie)
    return answer


@router.post("/sign-out")
async def post_sign_out(request: Request, service: ServiceGiven, form_token: _Field = "") -> Response:
    """Sign out; only by the form of a page, so that no other site can do it."""
    visitor = await run_in_threadpool(find_visitor, request, service)
    if visitor is not None:
        if not secrets.compare_digest(form_token.encode(), visitor.form_token.encode()):
            raise Problem(403, "form_token_missing", "this form is not of your session; go back, load the page again, and sign out there")  # fmt: skip
        await run_in_threadpool(_leave, service, visitor, request.state.id)
    answer = RedirectResponse(SIGN_IN, 303)
    take_cookie(request, answer)
    return answer


def _leave(service: Service, visitor: SignedIn, request_id: str) -> None:
    with Session(service.engine) as session, session.begin():
        sign_out(session, visitor, request_id)


def _check_origin(request: Request) -> None:
    """Refuse a form that another site has sent: it would sign its reader in as somebody else."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    own = (
        site in ("same-origin", "none") if site is not None else _host_of(origin) in (None, request.headers.get("host"))
    )
    if not own:
        raise Problem(
            403, "foreign_form", "this form was sent by another site; open this service's own page to sign in"
        )


def _host_of(origin: str | None) -> str | None:
    return urlsplit(origin).netloc if origin is not None else None


def _safe(where: str) -> str:
    """Return a path of this service; whatever leads elsewhere becomes the first page."""
    parts = urlsplit(where)
    plain = where.startswith("/") and not where.startswith("//") and where.isprintable() and "\\" not in where
    return where if plain and not parts.scheme and not parts.netloc and parts.path != SIGN_IN else HOME
