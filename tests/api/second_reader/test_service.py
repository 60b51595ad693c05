"""The second reader in a running service: asked over HTTP, waited for by nobody, silent on its key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from api.store.keys import make_key
from tests.api.second_reader.conftest import KEY, PLAN, ScriptedServer
from tests.api.service import RunningService, post_json, strategy, submit, wait_for

pytestmark = pytest.mark.llm


@pytest.fixture
def served(scripted: ScriptedServer, tmp_path: Path) -> Iterator[RunningService]:
    """A service with a second reader that reads every document by itself."""
    settings = {
        "PREVENTION_READER_URL": scripted.url, "PREVENTION_READER_MODEL": "tiny", "PREVENTION_READER_KEY": KEY,
        "PREVENTION_READER_SECONDS": "30", "PREVENTION_LOG_FORMAT": "json", "PREVENTION_READER_MONTH_TOKENS": "25000",
        "OPENAI_LOG": "debug",
    }  # fmt: skip
    running = RunningService(tmp_path / "data", **settings)
    running.start()
    yield running
    running.kill()


def ended(client: httpx.Client, document: str, request: str) -> dict[str, Any]:
    """Wait until a request has ended; return its reading."""
    for _ in range(300):
        found = client.get(f"/v1/documents/{document}/second-readings").json()
        asked = {one["id"]: one for one in found["requests"]}[request]
        if asked["status"] == "ended":
            reading: dict[str, Any] = {one["id"]: one for one in found["second_readings"]}[asked["second_reading_id"]]
            return reading
        time.sleep(0.1)
    raise AssertionError("the request did not end")


def test_a_second_reading_is_asked_for_and_comes_beside_the_prediction(
    served: RunningService, scripted: ScriptedServer
) -> None:
    with served.client() as client:
        # Long enough for the classifier to say something, too.
        sent = submit(client, PLAN.encode() + strategy("beside") * 3).json()
        path = f"/v1/documents/{sent['document_id']}"
        assert wait_for(client, sent["job_id"])["status"] == "succeeded"
        before = client.get(f"{path}/prediction").json()
        asked = post_json(client, f"{path}/second-readings", {})
        assert asked.status_code == 202, asked.text
        reading = ended(client, sent["document_id"], asked.json()["id"])
        assert reading["outcome"] == "read"
        assert reading["result"]["criteria"]["strength"]["quotes"][0]["verified"] is True
        assert client.get(f"{path}/prediction").json() == before
        agreement = client.get("/v1/second-readings/agreement", params={"criterion": "strength"}).json()["agreement"]
        assert [(one["kind"], one["documents"]) for one in agreement] == [("classifier", 1)]
        assert client.get("/v1/second-readings/budget").json()["tokens"] > 0
    assert KEY not in served.log.read_text(encoding="utf-8")
    assert "health checks" not in served.log.read_text(encoding="utf-8")


def test_a_model_that_drips_holds_up_no_prediction_and_a_service_that_dies_loses_no_request(
    served: RunningService, scripted: ScriptedServer
) -> None:
    scripted.script("drip")
    with served.client() as client:
        sent = submit(client, PLAN.encode()).json()
        wait_for(client, sent["job_id"])
        assert post_json(client, f"/v1/documents/{sent['document_id']}/second-readings", {}).status_code == 202
        deadline = time.monotonic() + 10
        while not scripted.seen and time.monotonic() < deadline:
            time.sleep(0.05)
        assert scripted.seen
        other = submit(client, strategy("meanwhile")).json()
        assert wait_for(client, other["job_id"])["status"] == "succeeded"
        found = client.get(f"/v1/documents/{sent['document_id']}/second-readings").json()
        assert [one["status"] for one in found["requests"]] == ["running"]
    served.kill()
    served.start()
    with served.client() as client:
        found = client.get(f"/v1/documents/{sent['document_id']}/second-readings").json()
        assert [one["status"] for one in found["requests"]] == ["running"]
        assert client.get("/v1/second-readings/budget").json()["tokens"] > 0


def test_what_is_refused(served: RunningService, scripted: ScriptedServer) -> None:
    with served.database() as engine, Session(engine) as session, session.begin():
        viewer = make_key(session, "viewer", "viewer")
    with served.client() as client, served.client(viewer) as watching:
        sent = submit(client, PLAN.encode()).json()
        wait_for(client, sent["job_id"])
        path = f"/v1/documents/{sent['document_id']}/second-readings"
        assert post_json(watching, path, {}).status_code == 403
        assert post_json(client, "/v1/documents/doc_none/second-readings", {}).json()["code"] == "document_not_found"
        assert post_json(client, path, {"kind": "drafts"}).status_code == 422
        assert post_json(client, path, {"kind": "drafts", "passages": ["0" * 16]}).status_code == 422
        assert post_json(client, path, {"kind": "poem"}).status_code == 422
        # The answer alone would pass the budget: refused at once. The prompt would: the reading says it.
        for _ in range(40):
            answer = post_json(client, path, {"again": True})
            if answer.status_code == 429:
                assert answer.json()["code"] == "reader_budget_spent"
                told = answer.json()["detail"]
                break
            reading = ended(client, sent["document_id"], answer.json()["id"])
            told = reading["sentence"]
            if reading["outcome"] == "over_budget":
                break
        assert "renews on 01 " in told
        assert client.get("/v1/second-readings/budget").json()["tokens"] <= 25_000


def test_drafted_labels_become_annotations_only_where_a_person_says_so(
    served: RunningService, scripted: ScriptedServer
) -> None:
    with served.client() as client:
        sent = submit(client, PLAN.encode()).json()
        wait_for(client, sent["job_id"])
        document = sent["document_id"]
        path = f"/v1/documents/{document}"
        passages = [one["id"] for one in client.get(f"{path}/passages").json()["passages"]]
        asked = post_json(client, f"{path}/second-readings", {"kind": "drafts", "passages": passages[:2]})
        reading = ended(client, document, asked.json()["id"])
        drafts = reading["result"]["passages"]
        assert {name: draft["labels"] for name, draft in drafts.items()} == {key: ["primary"] for key in passages[:2]}
        assert all(draft["draft"] is True for draft in drafts.values())
        assert (reading["quotes_verified"], reading["quotes_dropped"]) == (2, 2)
        assert client.get(f"{path}/annotations").json()["annotations"] == []
        decisions = f"/v1/second-readings/{reading['id']}/decisions"
        given = {passages[0]: ["primary"], passages[1]: ["secondary"]}
        decided = post_json(client, decisions, {"passages": given})
        assert decided.status_code == 201, decided.text
        assert decided.json()["changed"] == [passages[1]]
        assert post_json(client, decisions, {"passages": given}).json() == decided.json()
        assert (
            post_json(client, decisions, {"passages": {passages[0]: ["tertiary"]}}).json()["code"] == "decided_already"
        )
        assert post_json(client, decisions, {"passages": {passages[2]: []}}).status_code == 422
        told = client.get(f"{path}/annotations").json()["annotations"]
        assert {one["passage_id"]: one["labels"] for one in told} == given
        assert {one["source"] for one in told} == {"draft"}
