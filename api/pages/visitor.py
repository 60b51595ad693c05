"""Who looks at a page. Who has not signed in is shown the way, and a page's errors are pages, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from api.http.body import SmallBody
from api.http.problems import Problem
from api.http.rates import charge, charge_address
from api.http.service import SESSION_COOKIE, ServiceGiven
from api.pages.rendering import render
from api.store.sign_ins import SignedIn, find_sign_in

SIGN_IN = "/sign-in"


class SignInNeeded(Exception):  # noqa: N818 - not an error: the page is shown once somebody has signed in
    """A page that only people who have signed in may see."""


def find_visitor(request: Request, service: ServiceGiven) -> SignedIn | None:
    """Return the session that a request's cookie is of; None where it is of none."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None:
        return None
    with Session(service.engine) as session, session.begin():
        return find_sign_in(session, cookie, timedelta(hours=service.settings.session_hours))


def _visitor(request: Request, service: ServiceGiven) -> SignedIn:
    found = find_visitor(request, service)
    per_minute = service.settings.rate_per_minute
    if found is None:
        charge_address(request, service.limits.rate, per_minute)
        raise SignInNeeded
    charge(request, service.limits.rate, found.caller.id, found.caller.rate_per_minute or per_minute)
    request.state.visitor = found
    return found


Visitor = Annotated[SignedIn, Depends(_visitor)]


def _administrator(visitor: Visitor) -> SignedIn:
    caller = visitor.caller
    if not caller.may("admin"):
        raise Problem(403, "role_too_low", f"the role of {caller.name} is {caller.role}, and this page is for administrators; ask one of them")  # fmt: skip
    return visitor


Administrator = Annotated[SignedIn, Depends(_administrator)]


class PageRoute(SmallBody):
    """A route that answers with a page, whatever comes: with the page for signing in, or with what went wrong."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the route's handler with these answers about it."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except SignInNeeded:
                return _to_sign_in(request)
            except Problem as problem:
                return problem_page(request, problem)
            except RequestValidationError as error:
                first = error.errors()[0]
                where = ".".join(map(str, first["loc"][1:])) or "the address"
                return problem_page(request, Problem(422, "invalid_request", f"{where}: {first['msg']}; correct the address"))  # fmt: skip

        return answered


def problem_page(request: Request, problem: Problem) -> Response:
    """Return a problem as a page."""
    visitor: SignedIn | None = getattr(request.state, "visitor", None)
    title = HTTPStatus(problem.status).phrase
    page = render("problem.html", problem.status, visitor, title=title, detail=problem.detail)
    page.headers.update(problem.headers or {})
    return page


def _to_sign_in(request: Request) -> Response:
    where = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    there = f"{SIGN_IN}?next={quote(where, safe='')}" if request.method == "GET" else SIGN_IN
    if request.headers.get("hx-request") is not None:
        # A part of a page would show the form for signing in in its place.
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(there, 303)
