"""The page on which administrators make and revoke keys."""

from __future__ import annotations

import httpx

from tests.api.pages.people import visitor
from tests.api.service import RunningService


def test_administrators_see_keys_and_never_a_secret(client: httpx.Client, service: RunningService) -> None:
    with visitor(service, client, "admin") as page:
        made = page.post("/v1/keys", json={"name": "shown on a page", "role": "viewer", "scopes": ["read"]}).json()
        text = page.get("/keys").text
        assert "shown on a page" in text
        assert made["id"] in text
        assert made["key"].partition(".")[2] not in text
        assert f'data-key="{made["id"]}"' in text
        assert page.delete(f"/v1/keys/{made['id']}").status_code == 204
        again = page.get("/keys").text
        assert "revoked" in again
        assert f'data-key="{made["id"]}"' not in again


def test_nobody_else_sees_them(client: httpx.Client, service: RunningService) -> None:
    for role in ("viewer", "annotator", "adjudicator"):
        with visitor(service, client, role) as page:
            answer = page.get("/keys")
            assert answer.status_code == 403
            assert "for administrators" in answer.text
