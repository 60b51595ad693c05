"""The log of changes, as it is read over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.store.tables import now
from tests.api.http.test_documents import problem
from tests.api.service import strategy, submit


def entries(client: httpx.Client, **filters: Any) -> list[dict[str, Any]]:
    """Return the newest changes that filters find."""
    found: list[dict[str, Any]] = client.get("/v1/audit", params=filters).json()["entries"]
    return found


def test_a_document_submitted_is_logged_once(client: httpx.Client) -> None:
    answer = submit(client, strategy("for the log"), "plan.md")
    submit(client, strategy("for the log"), "again.md")
    document = client.get(answer.json()["links"]["document"]).json()
    (entry,) = entries(client, subject=document["id"])
    me = client.get("/v1/session").json()
    assert (entry["action"], entry["actor"], entry["actor_name"]) == ("document.submitted", me["id"], me["name"])
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["before"] is None
    after = {
        "digest": document["digest"],
        "name": "plan.md",
        "size": document["size"],
        "job_id": answer.json()["job_id"],
    }
    assert entry["after"].items() >= after.items()


def test_changes_are_found_by_who_what_which_and_when(client: httpx.Client) -> None:
    me = client.get("/v1/session").json()["id"]
    begun = now() - timedelta(seconds=1)
    made = [client.post("/v1/keys", json={"name": str(n), "role": "viewer"}).json()["id"] for n in range(3)]
    client.delete(f"/v1/keys/{made[0]}")
    assert [entry["subject"] for entry in entries(client, action="key.made", actor=me)][:3] == made[::-1]
    assert [entry["action"] for entry in entries(client, subject=made[0])] == ["key.revoked", "key.made"]
    assert {entry["actor"] for entry in entries(client, actor="command-line")} == {"command-line"}
    assert len(entries(client, since=begun.isoformat(), action="key.made")) >= 3
    there = begun.astimezone().isoformat()
    assert len(entries(client, since=there, subject=made[1])) == 1
    assert entries(client, since=(now() + timedelta(hours=1)).isoformat()) == []
    assert entries(client, actor="nobody", action="key.made") == []


def test_changes_come_in_pages(client: httpx.Client) -> None:
    for n in range(3):
        client.post("/v1/keys", json={"name": str(n), "role": "viewer"})
    first = client.get("/v1/audit", params={"limit": 2}).json()
    second = client.get("/v1/audit", params={"limit": 2, "cursor": first["next_cursor"]}).json()
    ids = [entry["id"] for entry in first["entries"] + second["entries"]]
    assert ids == sorted(set(ids), reverse=True)


@pytest.mark.parametrize(
    "wrong",
    [{"since": "yesterday"}, {"since": "2026-01-01T00:00:00"}, {"since": "0001-01-01T00:00:00+14:00"}, {"since": "9999-12-31T23:59:59-14:00"}, {"actor": "a\x00"}, {"action": "x" * 65}, {"subject": "\u00e9"}, {"limit": 0}],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused(client: httpx.Client, wrong: dict[str, Any]) -> None:
    found = problem(client.get("/v1/audit", params=wrong), 422, "invalid_request")
    assert found.detail.startswith(f"{next(iter(wrong))}: ")
