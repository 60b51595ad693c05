"""What the routes work with, and who may call them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.http.problems import Problem
from api.http.rates import charge, charge_address
from api.http.scopes import READING, needed_scope
from api.limits import Limits
from api.models import InUse, ModelCard, ModelSwitch
from api.page_images import PageImages
from api.queue import JobQueue
from api.second_reader.configuration import ReaderSettings
from api.settings import Settings
from api.store.files import Files
from api.store.keys import Caller, find_caller
from api.store.sign_ins import SignedIn, find_sign_in
from api.store.tables import Role
from classifier.artefact import Artefact
from classifier.codebook import Codebook


@dataclass(frozen=True, slots=True)
class Service:
    """The parts behind the routes."""

    settings: Settings
    engine: Engine
    files: Files
    queue: JobQueue
    # What is in use when the request comes; it is kept to until the answer.
    in_use: InUse
    switch: ModelSwitch
    page_images: PageImages
    limits: Limits = field(default_factory=Limits)
    # Without an address there is no second reader.
    reader: ReaderSettings = field(default_factory=ReaderSettings)

    @property
    def artefact(self) -> Artefact:
        """The model itself; waits until it is loaded."""
        return self.in_use.artefact

    @property
    def models(self) -> tuple[ModelCard, ...]:
        """The models at hand."""
        return self.in_use.cards

    @property
    def codebook(self) -> Codebook:
        """The codebook of the model in use."""
        return self.in_use.codebook

    @property
    def model(self) -> ModelCard:
        """The model in use."""
        return self.in_use.card

    @property
    def thresholds(self) -> dict[str, Mapping[str, float]]:
        """Each model's thresholds, by its id."""
        return {model.id: model.thresholds for model in self.models if model.thresholds}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return replace(service, in_use=service.switch.now)


ServiceGiven = Annotated[Service, Depends(_service)]


def _session(service: ServiceGiven) -> Iterator[Session]:
    with Session(service.engine) as session:
        yield session


SessionGiven = Annotated[Session, Depends(_session)]


SESSION_COOKIE = "prevention_session"
CHALLENGE = {"WWW-Authenticate": "Bearer"}
_bearer = HTTPBearer(auto_error=False, description="A key, as `prevention init` prints it.")
_cookie = APIKeyCookie(name=SESSION_COOKIE, auto_error=False, description="The session of a person who has signed in at `POST /v1/session`. A changing request also sends the form token, in `X-Form-Token`.")  # fmt: skip
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
_Cookie = Annotated[str | None, Security(_cookie)]


def _caller(request: Request, service: ServiceGiven, given: _Bearer, cookie: _Cookie) -> Caller:
    """Find out who calls, and whether that one may call this often, from this page, and this route at all."""
    found, signed_in = _identify(request, service, given, cookie)
    settings = service.settings
    caller = replace(
        found,
        rate_per_minute=found.rate_per_minute if found.rate_per_minute is not None else settings.rate_per_minute,
        quota_mb=found.quota_mb if found.quota_mb is not None else settings.quota_mb,
    )
    charge(request, service.limits.rate, caller.id, caller.rate_per_minute or settings.rate_per_minute)
    if signed_in is not None and request.method not in READING:
        _check_form_token(request, signed_in)
    _check_scope(request, caller)
    request.state.signed_in = signed_in
    return caller


def _identify(
    request: Request, service: Service, given: HTTPAuthorizationCredentials | None, cookie: str | None
) -> tuple[Caller, SignedIn | None]:
    """Return whose key or session comes with a request; a key goes before a cookie."""
    with Session(service.engine) as session, session.begin():
        if given is not None:
            caller = find_caller(session, given.credentials)
            if caller is not None:
                return caller, None
        elif cookie is not None:
            signed_in = find_sign_in(session, cookie, timedelta(hours=service.settings.session_hours))
            if signed_in is not None:
                return signed_in.caller, signed_in
    charge_address(request, service.limits.rate, service.settings.rate_per_minute)
    if given is not None:
        code, detail = "key_unknown", "the key is unknown, or has expired or been revoked; ask an administrator for another"  # fmt: skip
    elif cookie is not None:
        code, detail = "session_unknown", "the session is unknown or has ended; sign in again at POST /v1/session"
    else:
        code, detail = "key_missing", "the request carries no key; send the header `Authorization: Bearer KEY`, or sign in at POST /v1/session"  # fmt: skip
    raise Problem(401, code, detail, CHALLENGE)


def _check_form_token(request: Request, signed_in: SignedIn) -> None:
    """Refuse a change that another site may have sent with this person's cookie: it does not know the token."""
    sent = request.headers.get("x-form-token", "")
    if not secrets.compare_digest(sent.encode(), signed_in.form_token.encode()):
        raise Problem(
            403,
            "form_token_missing",
            "the header X-Form-Token is missing or is not this session's; send `form_token` from GET /v1/session in it",
        )


def _check_scope(request: Request, caller: Caller) -> None:
    scope = needed_scope(request.scope["route"].tags, request.method)
    if scope is None:
        raise Problem(403, "scope_unknown", "no scope is laid down for this route, so nobody may call it; report it")
    if scope != "none" and not caller.covers(scope):
        held = ", ".join(sorted(caller.scopes or ()))
        raise Problem(
            403,
            "scope_missing",
            f"this asks for the scope {scope}, and the key's scopes are {held}; ask an administrator for a key with {scope}",
        )


def _at_least(role: Role) -> Callable[[Caller], Caller]:
    def allowed(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if not caller.may(role):
            raise Problem(
                403,
                "role_too_low",
                f"the role of {caller.name} is {caller.role}, and this asks for {role} at least; ask an administrator for it",
            )
        return caller

    return allowed


# Some databases take no control characters, and no id has any.
ID_PATTERN = r"^[A-Za-z0-9_]+$"
Viewer = Annotated[Caller, Depends(_at_least("viewer"))]
Annotator = Annotated[Caller, Depends(_at_least("annotator"))]
Adjudicator = Annotated[Caller, Depends(_at_least("adjudicator"))]
Admin = Annotated[Caller, Depends(_at_least("admin"))]


def _signed_in(request: Request, _caller: Viewer) -> SignedIn | None:
    """Return the session that a request came with; None where it came with a key."""
    found: SignedIn | None = request.state.signed_in
    return found


SignedInGiven = Annotated[SignedIn | None, Depends(_signed_in)]
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=64, pattern=ID_PATTERN, description="`next_cursor` of the page before")]
