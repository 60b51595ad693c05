"""Routes under /v1/people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.access import PersonChange, add_person, change_person
from api.http.body import SmallBody
from api.http.identities import PersonAnswer, PersonChanged, PersonGiven, PersonPage
from api.http.passwords import in_turn
from api.http.problems import described
from api.http.service import ID_PATTERN, Admin, Cursor, Limit, Service, ServiceGiven, SessionGiven, SignedInGiven
from api.store.keys import Caller
from api.store.passwords import hash_password
from api.store.people import list_people
from api.store.tables import Person

router = APIRouter(prefix="/v1/people", tags=["people"], route_class=SmallBody)


@router.get("", responses=described(401, 403, 422, 503))
def get_people(session: SessionGiven, _caller: Admin, limit: Limit = 50, cursor: Cursor = None) -> PersonPage:
    """List people, newest first, disabled ones among them."""
    rows = list_people(session, limit + 1, cursor)
    return PersonPage(
        people=[_answer(row) for row in rows[:limit]], next_cursor=rows[limit - 1].id if len(rows) > limit else None
    )


@router.post("", status_code=201, responses=described(400, 401, 403, 409, 413, 422, 503))
async def post_person(request: Request, given: PersonGiven, service: ServiceGiven, caller: Admin) -> PersonAnswer:
    """Add a person who may sign in."""

    def add(password_hash: str) -> PersonAnswer:
        with Session(service.engine) as session, session.begin():
            return _answer(add_person(session, caller, given.name, given.role, password_hash, request.state.id))

    return await run_in_threadpool(add, await in_turn(hash_password, given.password))


@router.patch("/{person_id}", responses=described(400, 401, 403, 404, 409, 413, 422, 503))
async def patch_person(
    request: Request,
    person_id: Annotated[str, Path(max_length=64, pattern=ID_PATTERN)],
    given: PersonChanged,
    service: ServiceGiven,
    caller: Admin,
    signed_in: SignedInGiven,
) -> PersonAnswer:
    """Change a person's role or password, disable the person or let the person in again. The last administrator stays."""
    password_hash = await in_turn(hash_password, given.password) if given.password is not None else None
    change = PersonChange(given.role, given.disabled, password_hash)
    keep = signed_in.id if signed_in is not None else None
    return await run_in_threadpool(_change, service, caller, person_id, change, keep, request.state.id)


def _change(
    service: Service, caller: Caller, person_id: str, change: PersonChange, keep: str | None, request_id: str
) -> PersonAnswer:
    with Session(service.engine) as session, session.begin():
        return _answer(change_person(session, caller, person_id, change, keep=keep, request_id=request_id))


def _answer(row: Person) -> PersonAnswer:
    return PersonAnswer.model_validate(
        {"id": row.id, "name": row.name, "role": row.role, "created": row.created, "disabled": row.disabled}
    )
