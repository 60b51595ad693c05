"""Who may call which route: every route of the OpenAPI document, with every role and every scope, by key and by cookie, and with none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.http.service import SESSION_COOKIE
from api.store.keys import ROLES, SCOPES, make_key
from api.store.sign_ins import begin_sign_in
from api.store.tables import Person, Role, new_id, now
from tests.api.service import RunningService, strategy, submit

ANYBODY, VIEWER, ANNOTATOR, ADJUDICATOR, ADMIN = "nobody", "viewer", "annotator", "adjudicator", "admin"
# The least role that each route asks for. A route that is not here fails the test.
LEAST = {
    ("get", "/health/live"): ANYBODY,
    ("get", "/health/ready"): ANYBODY,
    ("get", "/version"): ANYBODY,
    ("get", "/metrics"): ADMIN,
    ("get", "/v1/models"): VIEWER,
    ("get", "/v1/models/{model_id}"): VIEWER,
    ("post", "/v1/models/{model_id}:promote"): ADMIN,
    ("post", "/v1/models:rollback"): ADMIN,
    ("get", "/v1/review/queue"): ANNOTATOR,
    ("get", "/v1/review/leases"): ANNOTATOR,
    ("post", "/v1/review/leases"): ANNOTATOR,
    ("delete", "/v1/review/leases/{lease_id}"): ANNOTATOR,
    ("get", "/v1/review/doubts"): ADJUDICATOR,
    ("get", "/v1/review/rates"): ADJUDICATOR,
    ("get", "/v1/review/adjudications"): ADJUDICATOR,
    ("get", "/v1/review/adjudications/{document_id}"): ADJUDICATOR,
    ("post", "/v1/review/adjudications/{document_id}"): ADJUDICATOR,
    ("get", "/v1/review/agreement"): ADJUDICATOR,
    ("get", "/v1/documents"): VIEWER,
    ("get", "/v1/documents/{document_id}"): VIEWER,
    ("get", "/v1/documents/{document_id}/prediction"): VIEWER,
    ("get", "/v1/documents/{document_id}/file"): VIEWER,
    ("get", "/v1/documents/{document_id}/evidence"): VIEWER,
    ("get", "/v1/documents/{document_id}/passages"): VIEWER,
    ("get", "/v1/documents/{document_id}/pages/{number}.png"): VIEWER,
    ("get", "/v1/documents/{document_id}/report.html"): VIEWER,
    ("get", "/v1/documents/{document_id}/annotated.pdf"): VIEWER,
    ("get", "/v1/submissions/{submission_id}"): VIEWER,
    ("get", "/v1/search"): VIEWER,
    ("get", "/v1/jobs/{job_id}"): VIEWER,
    ("post", "/v1/documents"): ANNOTATOR,
    ("post", "/v1/passages:score"): VIEWER,
    ("get", "/v1/exports/csv"): VIEWER,
    ("get", "/v1/exports/xlsx"): VIEWER,
    ("get", "/v1/exports/jsonl"): VIEWER,
    ("get", "/v1/exports/label-studio"): VIEWER,
    ("get", "/v1/exports/web-annotation"): VIEWER,
    ("get", "/v1/annotations"): VIEWER,
    ("get", "/v1/documents/{document_id}/annotations"): VIEWER,
    ("post", "/v1/documents/{document_id}/annotations"): ANNOTATOR,
    ("get", "/v1/documents/{document_id}/draft"): ANNOTATOR,
    ("put", "/v1/documents/{document_id}/draft"): ANNOTATOR,
    ("delete", "/v1/documents/{document_id}/draft"): ANNOTATOR,
    ("post", "/v1/documents/{document_id}/quotes"): ANNOTATOR,
    ("post", "/v1/documents/{document_id}/second-readings"): ANNOTATOR,
    ("get", "/v1/documents/{document_id}/second-readings"): VIEWER,
    ("post", "/v1/second-readings/{second_reading_id}/decisions"): ANNOTATOR,
    ("get", "/v1/second-readings/agreement"): VIEWER,
    ("get", "/v1/second-readings/budget"): VIEWER,
    ("get", "/v1/label-studio/config"): VIEWER,
    ("post", "/v1/label-studio/annotations"): ANNOTATOR,
    ("get", "/label-studio/health"): ANYBODY,
    ("post", "/label-studio/setup"): VIEWER,
    ("post", "/label-studio/predict"): VIEWER,
    ("post", "/label-studio/webhook"): ANNOTATOR,
    ("post", "/v1/session"): ANYBODY,
    ("get", "/v1/session"): VIEWER,
    ("delete", "/v1/session"): VIEWER,
    ("get", "/v1/keys"): ADMIN,
    ("post", "/v1/keys"): ADMIN,
    ("delete", "/v1/keys/{key_id}"): ADMIN,
    ("get", "/v1/people"): ADMIN,
    ("post", "/v1/people"): ADMIN,
    ("patch", "/v1/people/{person_id}"): ADMIN,
    ("get", "/v1/audit"): ADMIN,
    ("post", "/v1/corpus/runs"): ADMIN,
    ("get", "/v1/corpus/runs"): VIEWER,
    ("get", "/v1/corpus/runs/{run_id}"): VIEWER,
    ("post", "/v1/corpus/runs/{run_id}/pause"): ADMIN,
    ("post", "/v1/corpus/runs/{run_id}/resume"): ADMIN,
    ("get", "/v1/corpus/runs/{run_id}/comparison"): VIEWER,
    ("post", "/v1/webhooks"): ADMIN,
    ("get", "/v1/webhooks"): ADMIN,
    ("get", "/v1/webhooks/{webhook_id}/deliveries"): ADMIN,
    ("post", "/v1/webhooks/{webhook_id}/test"): ADMIN,
    ("delete", "/v1/webhooks/{webhook_id}"): ADMIN,
}
# The scope that reading, and that changing asks for, by the tag that comes last. A tag that is not here fails the test.
SCOPE = {
    "documents": ("read", "submit"),
    "jobs": ("read", "submit"),
    "submissions": ("read", "submit"),
    "models": ("read", "admin"),
    "search": ("read", None),
    "scoring": ("score", "score"),
    "exports": ("export", "export"),
    "annotations": ("read", "annotate"),
    "review": ("read", "annotate"),
    "label-studio": ("read", "annotate"),
    "second-readings": ("read", "annotate"),
    "corpus": ("read", "admin"),
    "keys": ("admin", "admin"),
    "people": ("admin", "admin"),
    "audit": ("admin", "admin"),
    "webhooks": ("admin", "admin"),
    "operations": ("admin", "admin"),
    "session": ("none", "none"),
}
CALLERS = (ANYBODY, *ROLES)
# Last, because the session that asks is gone afterwards.
ORDERED = sorted(LEAST, key=lambda route: route == ("delete", "/v1/session"))


@pytest.fixture(scope="module")
def operations(client: httpx.Client) -> dict[tuple[str, str], dict[str, Any]]:
    """What the OpenAPI document says of each route."""
    paths = client.get("/openapi.json").json()["paths"]
    return {(method, path): found for path, methods in paths.items() for method, found in methods.items()}


@pytest.fixture(scope="module")
def made(client: httpx.Client) -> dict[str, str]:
    """What stands in the routes' paths: a document and its job; everything else is not there."""
    return {name: str(value) for name, value in submit(client, strategy("for the roles")).json().items()}


@pytest.fixture(scope="module")
def sessions(service: RunningService) -> dict[str, dict[str, str]]:
    """The headers of a person of each role who has signed in."""
    found: dict[str, dict[str, str]] = {}
    with service.database() as engine, Session(engine) as session, session.begin():
        for role in ROLES:
            person = Person(id=new_id("person"), name=f"the {role}", password_hash="none", role=role, created=now())
            session.add(person)
            session.flush()
            cookie, signed_in = begin_sign_in(session, person)
            found[role] = {"Cookie": f"{SESSION_COOKIE}={cookie}", "X-Form-Token": signed_in.form_token}
    return found


class Somebody(dict[str, str]):
    """What stands in a path: what was made, or else an id that nothing has."""

    def __missing__(self, name: str) -> str:
        return "none_0"


def ask(service: RunningService, route: tuple[str, str], made: dict[str, str], headers: dict[Any, Any]) -> httpx.Response:  # fmt: skip
    """Send a request as somebody; what is changed is nothing, or is not there, so that it may be sent by anybody."""
    method, path = route
    body: dict[str, Any] = {"json": {}} if method in ("post", "put", "patch") else {}
    if route == ("post", "/v1/documents"):
        body = {"files": {"file": ("plan.md", strategy("for the roles"))}}
    address = f"http://127.0.0.1:{service.port}{path.format_map(Somebody(made))}"
    return httpx.request(method, address, headers=headers, timeout=60, **body)


def check_allowed(answer: httpx.Response, route: tuple[str, str]) -> None:
    """Check that a request was let through to the route, whatever that says to an empty body or an id that nothing has."""
    assert answer.status_code not in (401, 403, 429), (route, answer.text)
    assert answer.status_code < 500, (route, answer.text)


def test_every_route_has_a_role(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    assert set(operations) == set(LEAST)


def test_every_route_has_a_scope(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    for route, operation in operations.items():
        if "security" in operation:
            assert scope_of(route, operation) is not None, route
        else:
            assert LEAST[route] == ANYBODY, route


def scope_of(route: tuple[str, str], operation: dict[str, Any]) -> str | None:
    """Return the scope that a route asks for, by this test's own table."""
    return SCOPE[operation["tags"][-1]][route[0] != "get"]


@pytest.mark.parametrize("how", ["key", "cookie"])
@pytest.mark.parametrize("caller", CALLERS)
def test_each_route_answers_those_it_may(
    service: RunningService,
    keys: dict[str, str],
    sessions: dict[str, dict[str, str]],
    made: dict[str, str],
    caller: str,
    how: str,
) -> None:
    headers = {} if caller == ANYBODY else sessions[caller] if how == "cookie" else {"Authorization": f"Bearer {keys[caller]}"}  # fmt: skip
    for route in ORDERED:
        answer = ask(service, route, made, headers)
        if CALLERS.index(caller) >= CALLERS.index(LEAST[route]):
            check_allowed(answer, route)
        else:
            expected = (401, "key_missing") if caller == ANYBODY else (403, "role_too_low")
            assert (answer.status_code, answer.json()["code"]) == expected, route


@pytest.mark.parametrize("scope", [*SCOPES, None])
def test_a_scope_narrows_an_administrators_key(
    service: RunningService,
    operations: dict[tuple[str, str], dict[str, Any]],
    made: dict[str, str],
    scope: Any,
) -> None:
    with service.database() as engine, Session(engine) as session, session.begin():
        key = make_key(session, "narrowed", "admin", scopes=None if scope is None else [scope])
    for route, operation in operations.items():
        answer = ask(service, route, made, {"Authorization": f"Bearer {key}"})
        needed = scope_of(route, operation) if "security" in operation else "none"
        if scope is None or needed in (scope, "none"):
            check_allowed(answer, route)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing"), route
            assert f"the scope {needed}," in answer.json()["detail"]


@pytest.mark.parametrize("role", ROLES[:-1])
def test_a_scope_never_widens_a_role(service: RunningService, made: dict[str, str], role: Role) -> None:
    with service.database() as engine, Session(engine) as session, session.begin():
        key = make_key(session, "wide", role, scopes=SCOPES)
    for route, least in LEAST.items():
        if least == ADMIN:
            answer = ask(service, route, made, {"Authorization": f"Bearer {key}"})
            assert (answer.status_code, answer.json()["code"]) == (403, "role_too_low"), route


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize("token", [None, "", "wrong", "\xe9"])
def test_a_change_by_cookie_needs_the_form_token(
    service: RunningService, made: dict[str, str], token: str | None
) -> None:
    with service.database() as engine, Session(engine) as session, session.begin():
        person = session.scalars(select(Person).where(Person.name == "the admin")).one()
        cookie = begin_sign_in(session, person)[0]
    headers: dict[Any, Any] = {b"Cookie": f"{SESSION_COOKIE}={cookie}".encode()}
    if token is not None:
        headers[b"X-Form-Token"] = token.encode("latin-1")
    for route in ORDERED:
        answer = ask(service, route, made, headers)
        if route[0] == "get" or LEAST[route] == ANYBODY:
            check_allowed(answer, route)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "form_token_missing"), route


@pytest.mark.parametrize("header", ["Bearer", "Bearer nonsense", "Bearer key_x.y", "Basic YTpi", "Bearer \xff"])
def test_a_wrong_key_is_refused(service: RunningService, header: str) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{service.port}/v1/models", headers=[(b"Authorization", header.encode("latin-1"))]
    )
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] in ("key_missing", "key_unknown")


@pytest.mark.parametrize("cookie", ["", "nonsense", '"\\000"', "\xff"])
def test_a_wrong_cookie_is_refused(service: RunningService, cookie: str) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{service.port}/v1/models",
        headers=[(b"Cookie", f"{SESSION_COOKIE}={cookie}".encode("latin-1"))],
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] in ("key_missing", "session_unknown")


def test_an_expired_key_is_refused(service: RunningService) -> None:
    with service.database() as engine, Session(engine) as session, session.begin():
        key = make_key(session, "past", "admin", now() - timedelta(minutes=1))
    with service.client(key) as past:
        assert past.get("/v1/models").json()["code"] == "key_unknown"
