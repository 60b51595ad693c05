"""Who may call which route: every route of the OpenAPI document, with every role and with none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from api.store.keys import ROLES, make_key
from api.store.tables import now
from tests.api.service import RunningService, strategy, submit

ANYBODY, VIEWER, ANNOTATOR, ADMIN = "nobody", "viewer", "annotator", "admin"
# The least role that each route asks for. A route that is not here fails the test.
LEAST = {
    ("get", "/health/live"): ANYBODY,
    ("get", "/health/ready"): ANYBODY,
    ("get", "/version"): ANYBODY,
    ("get", "/v1/models"): VIEWER,
    ("get", "/v1/documents"): VIEWER,
    ("get", "/v1/documents/{document_id}"): VIEWER,
    ("get", "/v1/documents/{document_id}/prediction"): VIEWER,
    ("get", "/v1/documents/{document_id}/file"): VIEWER,
    ("get", "/v1/jobs/{job_id}"): VIEWER,
    ("post", "/v1/documents"): ANNOTATOR,
    ("post", "/v1/webhooks"): ADMIN,
    ("get", "/v1/webhooks"): ADMIN,
    ("get", "/v1/webhooks/{webhook_id}/deliveries"): ADMIN,
    ("post", "/v1/webhooks/{webhook_id}/test"): ADMIN,
    ("delete", "/v1/webhooks/{webhook_id}"): ADMIN,
}
# Nobody listens there.
WEBHOOK = {"url": "http://127.0.0.1:9/", "events": ["job.failed"]}
# What a request to a route needs, beside its path.
SENT: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/documents"): {"files": {"file": ("plan.md", strategy("for the roles"))}},
    ("post", "/v1/webhooks"): {"json": WEBHOOK},
}
CALLERS = (ANYBODY, *ROLES)


def test_every_route_has_a_role(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {(method, path) for path, methods in paths.items() for method in methods} == set(LEAST)


@pytest.mark.parametrize("caller", CALLERS)
def test_each_route_answers_those_it_may(
    service: RunningService, client: httpx.Client, keys: dict[str, str], caller: str
) -> None:
    made = submit(client, strategy("for the roles")).json()
    made["webhook_id"] = client.post("/v1/webhooks", json=WEBHOOK).json()["id"]
    given = {"Authorization": f"Bearer {keys[caller]}"} if caller != ANYBODY else {}
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", headers=given) as other:
        for (method, path), least in LEAST.items():
            answer = other.request(method, path.format(**made), **SENT.get((method, path), {}))
            if CALLERS.index(caller) >= CALLERS.index(least):
                assert answer.is_success or answer.json()["code"] == "prediction_pending", (
                    path,
                    answer.text,
                )
            else:
                expected = (401, "key_missing") if caller == ANYBODY else (403, "role_too_low")
                assert (answer.status_code, answer.json()["code"]) == expected, path


@pytest.mark.parametrize("header", ["Bearer", "Bearer nonsense", "Bearer key_x.y", "Basic YTpi", "Bearer \xff"])
def test_a_wrong_key_is_refused(service: RunningService, header: str) -> None:
    answer = httpx.get(
        f"http://127.0.0.1:{service.port}/v1/models", headers=[(b"Authorization", header.encode("latin-1"))]
    )
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] in ("key_missing", "key_unknown")


def test_an_expired_key_is_refused(service: RunningService) -> None:
    with service.database() as engine, Session(engine) as session, session.begin():
        key = make_key(session, "past", "admin", now() - timedelta(minutes=1))
    with service.client(key) as past:
        assert past.get("/v1/models").json()["code"] == "key_unknown"
