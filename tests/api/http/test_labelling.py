"""Passages labelled without a document."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.service import strategy, submit, wait_for
from tests.conftest import ROOT
from tests.test_commands import prevention

SAMPLE = ROOT / "docs/sample/passages.jsonl"


def test_the_numbers_are_those_of_the_command(client: httpx.Client, tmp_path: Path) -> None:
    asked = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    given = [{key: row[key] for key in ("id", "text", "heading") if row.get(key)} for row in asked]
    answer = client.post("/v1/passages:score", json={"passages": given})
    assert answer.status_code == 200, answer.text
    printed = prevention("passages", "--input", SAMPLE).stdout.splitlines()
    assert answer.json()["passages"] == [json.loads(line) for line in printed]
    version = client.get("/version").json()
    assert (answer.json()["model"], answer.json()["codebook_version"]) == (version["model"], version["codebook_version"])  # fmt: skip


def test_a_passage_without_an_id_gets_its_number(client: httpx.Client) -> None:
    body = {"passages": [{"text": "words"}, {"id": 7, "text": "words"}, {"id": "", "text": "words", "heading": ""}]}
    assert [row["id"] for row in client.post("/v1/passages:score", json=body).json()["passages"]] == [0, 7, ""]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"passages": []}, "passages: "),
        ({"passages": [{"text": "a"}] * 201}, "passages: "),
        ({"passages": [{"text": ""}]}, "passages.0.text: "),
        ({"passages": [{"text": "a"}, {"text": "a" * 4001}]}, "passages.1.text: "),
        ({"passages": [{"text": "a", "label": "x"}]}, "passages.0.label: "),
        ([], "the body: "),
    ],
)
def test_what_is_too_much_or_nothing_is_refused(client: httpx.Client, body: object, named: str) -> None:
    found = problem(client.post("/v1/passages:score", json=body), 422, "invalid_request")
    assert found.detail.startswith(named)
    assert len(found.detail) < 400


@pytest.mark.parametrize("body", [b"", b"{", b'{"passages": [{"text": "\\ud800"}]}', b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(client: httpx.Client, body: bytes) -> None:
    problem(client.post("/v1/passages:score", content=body), 422, "invalid_request")


def test_a_body_over_the_limit_is_refused(client: httpx.Client) -> None:
    problem(client.post("/v1/passages:score", content=bytes(11 * 2**20)), 413, "body_too_large")


def test_two_at_a_time_and_the_others_are_told_to_come_again(client: httpx.Client) -> None:
    body = {"passages": [{"text": f"{n} reablement at home " * 60} for n in range(16)]}
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: client.post("/v1/passages:score", json=body), range(5)))
    refused = [answer for answer in answers if answer.status_code == 503]
    assert 1 <= len(refused) <= 3
    for answer in refused:
        assert problem(answer, 503, "scoring_busy").detail.endswith("send it again")
        assert answer.headers["retry-after"] == "2"
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1
    assert client.get("/health/live").status_code == 200


def test_a_request_does_not_wait_for_a_whole_document(client: httpx.Client) -> None:
    job = submit(client, strategy("long, while passages are asked for") * 40, "long.md").json()["job_id"]
    while client.get(f"/v1/jobs/{job}").json()["stage"] in ("waiting", "reading"):
        time.sleep(0.05)
    begun = time.perf_counter()
    assert client.post("/v1/passages:score", json={"passages": [{"text": "Reablement at home."}]}).status_code == 200
    took = time.perf_counter() - begun
    state = client.get(f"/v1/jobs/{job}").json()
    assert state["status"] == "running", (took, state)
    assert wait_for(client, job)["status"] == "succeeded"
