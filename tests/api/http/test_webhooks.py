"""Webhooks against a real receiver: signed, tried again, never redirected, and given up in the end."""

from __future__ import annotations

import base64
import time
from typing import Any

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.receiver import Receiver, receiver, redirect, trickle
from tests.api.service import RunningService, strategy, submit, wait_for


def make(client: httpx.Client, to: Receiver, *events: str) -> dict[str, Any]:
    """Make a webhook and return the answer."""
    answer = client.post("/v1/webhooks", json={"url": to.url, "events": events or ["job.succeeded", "job.failed"]})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == body["links"]["webhook"]
    return body


def log_of(client: httpx.Client, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the webhook's deliveries once none of them waits."""
    end = time.monotonic() + 30
    while True:
        rows: list[dict[str, Any]] = client.get(webhook["links"]["deliveries"]).json()["deliveries"]
        if all(row["status"] != "waiting" for row in rows):
            return rows
        assert time.monotonic() < end, rows
        time.sleep(0.05)


def test_the_end_of_a_job_is_told_and_signed(client: httpx.Client) -> None:
    with receiver() as to:
        webhook = make(client, to)
        assert len(base64.b64decode(webhook["secret"].removeprefix("whsec_"))) >= 24
        good = submit(client, strategy("told of")).json()
        bad = submit(client, b"%PDF-1.4 told of", "bad.pdf").json()
        to.wait(2)
        log_of(client, webhook)
        client.delete(webhook["links"]["webhook"])
        told = {message["data"]["job_id"]: message for message in to.messages(webhook["secret"])}
    assert {message["type"] for message in told.values()} == {"job.succeeded", "job.failed"}
    data = told[good["job_id"]]["data"]
    assert (data["status"], data["error_code"], data["document_id"]) == ("succeeded", None, good["document_id"])
    assert client.get(data["links"]["prediction"]).status_code == 200
    data = told[bad["job_id"]]["data"]
    assert (data["status"], data["error_code"]) == ("failed", "damaged_document")
    assert client.get(data["links"]["job"]).json()["id"] == bad["job_id"]
    assert b"bad.pdf" not in b"".join(body for _, body in to.received)


def test_only_what_was_asked_for_is_sent(client: httpx.Client) -> None:
    with receiver() as to:
        webhook = make(client, to, "job.failed")
        wait_for(client, submit(client, strategy("not told of")).json()["job_id"])
        assert client.get(webhook["links"]["deliveries"]).json() == {"deliveries": [], "next_cursor": None}
        client.delete(webhook["links"]["webhook"])


def test_a_receiver_that_fails_twice_gets_the_same_message_a_third_time(client: httpx.Client) -> None:
    with receiver(500, 503) as to:
        webhook = make(client, to)
        assert client.post(webhook["links"]["test"]).status_code == 202
        to.wait(3)
        (row,) = log_of(client, webhook)
        messages = to.messages(webhook["secret"])
    assert (row["status"], row["attempts"], row["last_status"], row["last_error"]) == ("delivered", 3, 204, None)
    assert [message["id"] for message in messages] == [row["id"]] * 3
    assert messages[0] == messages[1] == messages[2]
    assert messages[0]["type"] == "webhook.test"
    client.delete(webhook["links"]["webhook"])


def test_a_receiver_that_keeps_failing_is_given_up(client: httpx.Client) -> None:
    with receiver(redirect, redirect, 500) as to:
        webhook = make(client, to)
        client.post(webhook["links"]["test"])
        to.wait(2)
        assert all(headers["host"] == f"127.0.0.1:{to.port}" for headers, _ in to.received)
        waiting = client.get(webhook["links"]["deliveries"]).json()["deliveries"][0]
        assert waiting["last_error"] == "answered 307; redirects are not followed" or waiting["attempts"] == 3
        (row,) = log_of(client, webhook)
    assert (row["status"], row["attempts"], row["last_status"]) == ("given_up", 3, 500)
    assert len(to.received) == 3
    client.delete(webhook["links"]["webhook"])


def test_a_receiver_that_is_gone_is_disabled(client: httpx.Client, service: RunningService) -> None:
    with receiver(410) as to:
        webhook = make(client, to)
        client.post(webhook["links"]["test"])
        to.wait(1)
        (row,) = log_of(client, webhook)
    assert (row["status"], row["attempts"], row["last_status"]) == ("given_up", 1, 410)
    problem(client.post(webhook["links"]["test"]), 409, "webhook_disabled")
    (disabled,) = client.get("/v1/webhooks", params={"limit": 1}).json()["webhooks"]
    assert disabled["id"] == webhook["id"]
    assert disabled["disabled"] is not None
    logged = service.rows(f"SELECT action, actor_name FROM audit_log WHERE subject = '{webhook['id']}' ORDER BY id")
    assert [action for action, _ in logged] == ["webhook.made", "webhook.tested", "webhook.disabled"]
    assert logged[-1][1] == "courier"


def test_a_slow_receiver_is_left_and_holds_up_nobody(client: httpx.Client) -> None:
    with receiver(trickle) as slow, receiver() as quick:
        one, other = make(client, slow), make(client, quick)
        client.post(one["links"]["test"])
        slow.wait(1)
        begun = time.monotonic()
        client.post(other["links"]["test"])
        quick.wait(1)
        assert time.monotonic() - begun < 5
        slow.wait(2)
        assert 9 < time.monotonic() - begun < 20
        (row,) = log_of(client, one)
        assert (row["status"], row["attempts"]) == ("delivered", 2)
        for webhook in (one, other):
            client.delete(webhook["links"]["webhook"])


def test_a_disabled_webhook_gets_nothing_and_keeps_its_log(client: httpx.Client) -> None:
    with receiver(500, 500, 500) as to:
        webhook = make(client, to)
        client.post(webhook["links"]["test"])
        answers = [client.delete(webhook["links"]["webhook"]) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].json() == answers[1].json()
        assert "secret" not in answers[0].json()
        (row,) = log_of(client, webhook)
    assert row["status"] == "given_up"
    assert row["next_attempt"] is None


def test_deliveries_come_in_pages(client: httpx.Client) -> None:
    with receiver() as to:
        webhook = make(client, to)
        sent = [client.post(webhook["links"]["test"]).json()["id"] for _ in range(5)]
        listed: list[str] = []
        cursor: dict[str, str] = {}
        while page := client.get(webhook["links"]["deliveries"], params={"limit": 2, **cursor}).json():
            listed += [row["id"] for row in page["deliveries"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        to.wait(5)
        client.delete(webhook["links"]["webhook"])
    assert listed == sent[::-1]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("ftp://example.org/", "address_refused"),
        ("no address", "address_refused"),
        ("http://", "address_refused"),
        ("http://me:secret@127.0.0.1/", "address_refused"),
        ("http://127.0.0.1/#part", "address_refused"),
        ("http://127.0.0.1:99999/", "address_refused"),
        ("http://a\x00b/", "address_refused"),
        ("http://\u00fc.example/", "address_refused"),
        ("http://name.invalid/", "address_refused"),
        ("", "invalid_request"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused(client: httpx.Client, url: str, code: str) -> None:
    found = problem(client.post("/v1/webhooks", json={"url": url, "events": ["job.failed"]}), 422, code)
    assert "secret@" not in found.detail


@pytest.mark.parametrize("events", [[], ["job.started"], ["job.failed"] * 3, "job.failed"])
def test_events_that_are_none_are_refused(client: httpx.Client, events: object) -> None:
    problem(client.post("/v1/webhooks", json={"url": "http://127.0.0.1/", "events": events}), 422, "invalid_request")


def test_what_is_not_there_is_a_problem(client: httpx.Client) -> None:
    for method, path in (("GET", "/deliveries"), ("POST", "/test"), ("DELETE", "")):
        problem(client.request(method, f"/v1/webhooks/webhook_none{path}"), 404, "webhook_not_found")
