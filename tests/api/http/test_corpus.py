"""Runs over HTTP: begun by an administrator, carried out by the service, paused, resumed, compared."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, wait_for


def ended(client: httpx.Client, run: dict[str, Any], status: str = "finished") -> dict[str, Any]:
    """Wait until a run is in a state, and return it."""
    end = time.monotonic() + 120
    while True:
        found: dict[str, Any] = client.get(run["links"]["run"]).json()
        if found["status"] == status and (status != "finished" or found["waiting"] == 0):
            return found
        assert time.monotonic() < end, found
        time.sleep(0.1)


@pytest.fixture(scope="module")
def documents(client: httpx.Client) -> list[str]:
    """Two documents of a kind of their own, scored as they came."""
    found = []
    for name in ("again and again", "once more"):
        answer = client.post("/v1/documents", files={"file": (f"{name}.md", strategy(name))}, data={"kind": "rescored"})
        wait_for(client, answer.json()["job_id"])
        found.append(answer.json()["document_id"])
    return found


def test_a_run_is_carried_out_and_compared(client: httpx.Client, documents: list[str], service: RunningService) -> None:
    answer = client.post("/v1/corpus/runs", json={"only": {"kind": "rescored"}, "shard_size": 1})
    assert answer.status_code == 201, answer.text
    run = answer.json()
    assert answer.headers["location"] == run["links"]["run"]
    assert (run["status"], run["documents"], run["shards"], run["only"]) == ("running", 2, 2, {"kind": "rescored"})
    problem(client.post("/v1/corpus/runs", json={"only": {"kind": "rescored"}}), 409, "run_under_way")
    done = ended(client, run)
    assert (done["scored"], done["failed"], done["shards_done"]) == (2, 0, 2)
    assert done["finished"] is not None
    problem(client.post(run["links"]["pause"]), 409, "run_finished")
    assert client.get("/v1/corpus/runs", params={"limit": 1}).json()["runs"][0]["id"] == run["id"]
    compared = client.get(run["links"]["comparison"], params={"before": run["id"]}).json()
    assert (compared["documents"], compared["flipped"], compared["for_review"], compared["flips"]) == (2, 0, 0, [])
    # What the service said of them before still stands, and there is no second prediction.
    rows = service.rows(
        f"SELECT document_id FROM predictions WHERE document_id IN ('{documents[0]}', '{documents[1]}')"
    )
    assert sorted(row[0] for row in rows) == sorted(documents)


def test_a_run_is_paused_and_goes_on(client: httpx.Client, documents: list[str]) -> None:
    run = client.post("/v1/corpus/runs", json={"only": {"kind": "rescored", "year": 2030}})
    problem(run, 422, "run_refused")
    run = client.post("/v1/corpus/runs", json={"only": {"kind": "rescored"}, "shard_size": 1}).json()
    assert client.post(run["links"]["pause"]).json()["status"] == "paused"
    assert client.post(run["links"]["pause"]).json()["status"] == "paused"
    time.sleep(1)
    assert client.get(run["links"]["run"]).json()["finished"] is None
    assert client.post(run["links"]["resume"]).json()["status"] == "running"
    assert ended(client, run)["scored"] == 2


def test_a_document_whose_file_is_elsewhere_says_so(client: httpx.Client, service: RunningService) -> None:
    answer = client.post("/v1/documents", files={"file": ("left.md", strategy("left where it lay"))})
    wait_for(client, answer.json()["job_id"])
    document = answer.json()["document_id"]
    ((digest,),) = service.rows(f"SELECT digest FROM documents WHERE id = '{document}'")
    (service.data / "files" / digest[:2] / digest).unlink()
    for what in ("file", "report.html"):
        problem(client.get(f"/v1/documents/{document}/{what}"), 404, "file_elsewhere")
    assert client.get(f"/v1/documents/{document}/prediction").status_code == 200


def test_who_may_do_what(client: httpx.Client, keys: dict[str, str]) -> None:
    viewer = {"Authorization": f"Bearer {keys['viewer']}"}
    problem(client.post("/v1/corpus/runs", json={}, headers=viewer), 403, "role_too_low")
    assert client.get("/v1/corpus/runs", headers=viewer).status_code == 200
    problem(client.post("/v1/corpus/runs", json={"model": "../models"}), 404, "model_not_found")
    problem(client.get("/v1/corpus/runs/run_0"), 404, "run_not_found")
    problem(client.post("/v1/corpus/runs/run_0/pause"), 404, "run_not_found")
    problem(client.get("/v1/corpus/runs/run_0/comparison", params={"before": "run_0"}), 404, "run_not_found")
