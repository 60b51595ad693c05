"""The routes under which a person signs in, asks who is signed in, and signs out."""

from __future__ import annotations

import math
import unicodedata
from datetime import timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.http.body import SmallBody
from api.http.identities import NameAndPassword, SessionAnswer
from api.http.passwords import in_turn
from api.http.problems import Problem, described
from api.http.rates import address_of, charge_address
from api.http.service import CHALLENGE, SESSION_COOKIE, Service, ServiceGiven, SignedInGiven, Viewer
from api.sign_in import Attempt, sign_in, sign_out
from api.store.keys import SCOPES, Caller
from api.store.sign_ins import LONGEST, SignedIn, find_sign_in

router = APIRouter(prefix="/v1/session", tags=["session"], route_class=SmallBody)


@router.post("", status_code=201, responses=described(400, 401, 413, 422, 503))
async def post_session(
    request: Request, response: Response, given: NameAndPassword, service: ServiceGiven
) -> SessionAnswer:
    """Sign in: the answer sets a cookie that other scripts cannot read and other sites cannot send."""
    cookie, signed_in = await admit(request, service, given.name, given.password)
    give_cookie(request, response, cookie)
    return _answer(signed_in.caller, signed_in.form_token)


async def admit(request: Request, service: Service, given_name: str, password: str) -> tuple[str, SignedIn]:
    """Begin a session for whoever knows a name and its password, and return its cookie with it; raise a `Problem` with 401 or 429."""
    charge_address(request, service.limits.rate, service.settings.rate_per_minute)
    name, address = unicodedata.normalize("NFC", given_name).strip(), address_of(request)
    whose = (f"name {name}", f"address {address}")
    wait = service.limits.attempts.begin(*whose)
    if wait:
        raise Problem(
            429,
            "too_many_failures",
            f"too many attempts to sign in have failed for this name or from {address}; try again in {math.ceil(wait)} s",
            {"Retry-After": str(math.ceil(wait))},
        )
    begun = await in_turn(sign_in, service.engine, Attempt(name, password, address, request.state.id))
    if begun is None:
        raise Problem(401, "sign_in_failed", "the name or the password is wrong; try again, or ask an administrator for a new password", CHALLENGE)  # fmt: skip
    service.limits.attempts.succeed(*whose)
    await run_in_threadpool(_leave, service, request)
    return begun


def give_cookie(request: Request, response: Response, cookie: str) -> None:
    """Have a browser keep the cookie of its session."""
    response.set_cookie(
        SESSION_COOKIE, cookie, max_age=int(LONGEST.total_seconds()), path="/", httponly=True, samesite="lax",
        secure=_by_https(request),
    )  # fmt: skip


def take_cookie(request: Request, response: Response) -> None:
    """Have a browser forget the cookie of its session."""
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="lax", secure=_by_https(request))


@router.get("", responses=described(401, 403, 503))
def get_session(caller: Viewer, signed_in: SignedInGiven) -> SessionAnswer:
    """Say who is calling, and the form token where that is a person."""
    return _answer(caller, signed_in.form_token if signed_in is not None else None)


@router.delete("", status_code=204, responses=described(401, 403, 503))
def delete_session(
    request: Request, response: Response, service: ServiceGiven, _caller: Viewer, signed_in: SignedInGiven
) -> None:
    """Sign out. A key has no session to end, and stays as it is."""
    if signed_in is not None:
        with Session(service.engine) as session, session.begin():
            sign_out(session, signed_in, request.state.id)
    take_cookie(request, response)


def _leave(service: Service, request: Request) -> None:
    """End the session that this browser had before, if it had one."""
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None:
        return
    with Session(service.engine) as session, session.begin():
        earlier = find_sign_in(session, cookie, timedelta(hours=service.settings.session_hours))
        if earlier is not None:
            sign_out(session, earlier, request.state.id)


def _by_https(request: Request) -> bool:
    # Whoever invents this header only keeps his own cookie off plain HTTP.
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))


def _answer(caller: Caller, form_token: str | None) -> SessionAnswer:
    scopes = None if caller.scopes is None else [scope for scope in SCOPES if scope in caller.scopes]
    return SessionAnswer.model_validate(
        {"id": caller.id, "name": caller.name, "role": caller.role, "scopes": scopes, "form_token": form_token}
    )
