"""What the routes work with, and who may call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.http.problems import Problem
from api.queue import JobQueue
from api.settings import Settings
from api.store.files import Files
from api.store.keys import Caller, find_caller
from api.store.tables import Role
from classifier.artefact import Artefact


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model as the service names it."""

    id: str
    codebook_version: str
    in_use: bool
    # From which probability on a passage has a label.
    thresholds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """The parts behind the routes."""

    settings: Settings
    engine: Engine
    files: Files
    queue: JobQueue
    models: tuple[ModelCard, ...]
    # The model in use itself; requests and the worker take turns with it.
    artefact: Artefact

    @property
    def model(self) -> ModelCard:
        """The model in use."""
        return next(model for model in self.models if model.in_use)

    @property
    def thresholds(self) -> dict[str, Mapping[str, float]]:
        """Each model's thresholds, by its id."""
        return {model.id: model.thresholds for model in self.models if model.thresholds}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceGiven = Annotated[Service, Depends(_service)]


def _session(service: ServiceGiven) -> Iterator[Session]:
    with Session(service.engine) as session:
        yield session


SessionGiven = Annotated[Session, Depends(_session)]

_bearer = HTTPBearer(auto_error=False, description="A key, as `prevention init` prints it.")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}


def _caller(service: ServiceGiven, given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]) -> Caller:
    if given is None:
        raise Problem(
            401, "key_missing", "the request carries no key; send the header `Authorization: Bearer KEY`", _CHALLENGE
        )
    with Session(service.engine) as session, session.begin():
        caller = find_caller(session, given.credentials)
    if caller is None:
        raise Problem(
            401, "key_unknown", "the key is unknown or has expired; ask an administrator for another", _CHALLENGE
        )
    return caller


def _at_least(role: Role) -> Callable[[Caller], Caller]:
    def allowed(caller: Annotated[Caller, Depends(_caller)]) -> Caller:
        if not caller.may(role):
            raise Problem(
                403,
                "role_too_low",
                f"the key's role is {caller.role}, and this asks for {role} at least; ask an administrator for such a key",
            )
        return caller

    return allowed


# Some databases take no control characters, and no id has any.
ID_PATTERN = r"^[A-Za-z0-9_]+$"
Viewer = Annotated[Caller, Depends(_at_least("viewer"))]
Annotator = Annotated[Caller, Depends(_at_least("annotator"))]
Admin = Annotated[Caller, Depends(_at_least("admin"))]
