"""Keys made, listed and revoked over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.store.tables import now
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, post_json


def test_a_key_is_made_shown_once_used_and_revoked(client: httpx.Client, service: RunningService) -> None:
    ends = (now() + timedelta(days=1)).isoformat()
    wanted = {"name": " robot ", "role": "annotator", "scopes": ["submit", "read"], "expires": ends, "rate_per_minute": 30, "quota_mb": 5}  # fmt: skip
    made = client.post("/v1/keys", json=wanted)
    assert made.status_code == 201
    key = made.json()
    me = client.get("/v1/session").json()
    assert me["form_token"] is None
    assert (key["name"], key["scopes"], key["created_by"]) == ("robot", ["read", "submit"], me["id"])
    assert (key["rate_per_minute"], key["quota_mb"], key["last_used"]) == (30, 5, None)
    with service.client(key["key"]) as robot:
        assert robot.get("/v1/session").json() == {"id": key["id"], "name": "robot", "role": "annotator", "scopes": ["read", "submit"], "form_token": None}  # fmt: skip
        assert robot.delete("/v1/session").status_code == 204
        assert robot.get("/v1/models").headers["ratelimit-policy"] == '"minute";q=30;w=60'
        assert client.delete(f"/v1/keys/{key['id']}").status_code == 204
        problem(robot.get("/v1/models"), 401, "key_unknown")
    assert client.delete(f"/v1/keys/{key['id']}").status_code == 204
    (row,) = [row for row in client.get("/v1/keys").json()["keys"] if row["id"] == key["id"]]
    assert row["revoked"] is not None
    assert row["last_used"] is not None
    assert key["key"].partition(".")[2] not in client.get("/v1/keys").text
    actions = [entry["action"] for entry in client.get("/v1/audit", params={"subject": key["id"]}).json()["entries"]]
    assert actions == ["key.revoked", "key.made"]


def test_keys_come_in_pages(client: httpx.Client) -> None:
    made = [client.post("/v1/keys", json={"name": str(n), "role": "viewer"}).json()["id"] for n in range(3)]
    first = client.get("/v1/keys", params={"limit": 2}).json()
    second = client.get("/v1/keys", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [row["id"] for row in first["keys"] + second["keys"]][:3] == made[::-1]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"role": "owner"}, "role"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["write"]}, "scopes.0"),
        ({"expires": "2001-01-01T00:00:00Z"}, "expires"),
        ({"expires": "2100-01-01T00:00:00"}, "expires"),
        ({"expires": "9999-12-31T23:59:59-14:00"}, "expires"),
        ({"expires": 1e300}, "expires"),
        ({"rate_per_minute": 0}, "rate_per_minute"),
        ({"rate_per_minute": 2**70}, "rate_per_minute"),
        ({"quota_mb": -1}, "quota_mb"),
        ({"quota_mb": 2**31}, "quota_mb"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_key_that_cannot_be_is_refused(client: httpx.Client, wrong: dict[str, Any], named: str) -> None:
    found = problem(post_json(client, "/v1/keys", {"name": "a", "role": "viewer", **wrong}), 422, "invalid_request")
    assert found.detail.startswith(f"{named}: ")


def test_a_key_that_is_not_there_is_a_problem(client: httpx.Client) -> None:
    problem(client.delete("/v1/keys/key_0"), 404, "key_not_found")
    problem(client.delete("/v1/keys/%00"), 422, "invalid_request")
    problem(client.get("/v1/keys", params={"cursor": "\x00"}), 422, "invalid_request")
