"""People added and changed over HTTP; test_session.py has what that does to their sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.databases import BACKENDS, database_url
from tests.api.http.test_documents import problem
from tests.api.http.test_session import PASSWORD, add
from tests.api.service import RunningService, post_json


def test_a_person_is_added_changed_and_listed(client: httpx.Client) -> None:
    person = add(client, "Mai", "viewer")
    problem(client.post("/v1/people", json={"name": "Mai ", "password": PASSWORD, "role": "admin"}), 409, "name_taken")
    changed = client.patch(f"/v1/people/{person}", json={"role": "adjudicator"}).json()
    assert (changed["name"], changed["role"], changed["disabled"]) == ("Mai", "adjudicator", None)
    assert client.patch(f"/v1/people/{person}", json={}).json() == changed
    (row,) = [row for row in client.get("/v1/people", params={"limit": 200}).json()["people"] if row["id"] == person]
    assert row == changed
    entries = client.get("/v1/audit", params={"subject": person}).json()["entries"]
    assert [entry["action"] for entry in entries] == ["person.changed", "person.added"]
    assert (entries[0]["before"]["role"], entries[0]["after"]["role"]) == ("viewer", "adjudicator")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"password": "short"}, "password"),
        ({"password": "xxx" * 100}, "password"),
        ({"password": "\ud800" * 20}, "password"),
        ({"password": 12345678901234}, "password"),
        ({"role": "owner"}, "role"),
    ],
)
def test_a_person_who_cannot_be_is_refused(client: httpx.Client, wrong: dict[str, Any], named: str) -> None:
    whole = {"name": "Nia", "password": PASSWORD, "role": "viewer", **wrong}
    found = problem(post_json(client, "/v1/people", whole), 422, "invalid_request")
    assert found.detail.startswith(f"{named}: ")
    assert "xxx" not in found.detail
    assert "short" not in found.detail.replace("should", "")
    del whole["role"]
    assert PASSWORD not in problem(post_json(client, "/v1/people", whole), 422, "invalid_request").detail


def test_a_person_who_is_not_there_is_a_problem(client: httpx.Client) -> None:
    problem(client.patch("/v1/people/person_0", json={"role": "viewer"}), 404, "person_not_found")
    problem(client.patch("/v1/people/%00", json={}), 422, "invalid_request")


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_last_administrator_is_neither_revoked_nor_disabled(backend: str, tmp_path: Path) -> None:
    with database_url(backend) as url:
        service = RunningService(tmp_path / "data", url)
        service.start()
        with service.client() as client:
            own = client.get("/v1/session").json()["id"]
            problem(client.delete(f"/v1/keys/{own}"), 409, "last_administrator")
            person = add(client, "Odd", "admin")
            assert client.patch(f"/v1/people/{person}", json={"disabled": True}).status_code == 200
            problem(client.delete(f"/v1/keys/{own}"), 409, "last_administrator")
            assert client.patch(f"/v1/people/{person}", json={"disabled": False}).status_code == 200
            other = client.post("/v1/keys", json={"name": "other", "role": "admin"}).json()
            assert client.delete(f"/v1/keys/{own}").status_code == 204
        with service.client(other["key"]) as client:
            assert client.delete(f"/v1/keys/{other['id']}").status_code == 204
        service.stop()
