"""Waiting for a job."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.api.service import strategy, submit, wait_for


def test_a_wait_ends_with_the_job(client: httpx.Client) -> None:
    job = submit(client, strategy("waited for")).json()["job_id"]
    at_once = client.get(f"/v1/jobs/{job}")
    if at_once.json()["status"] in ("queued", "running"):
        assert at_once.headers["retry-after"] == "1"
    begun = time.monotonic()
    body = wait_for(client, job)
    assert time.monotonic() - begun < 30
    assert body["status"] == "succeeded"
    assert body["created"] <= body["started"] <= body["finished"]


@pytest.mark.parametrize("wait", ["-1", "long", "nan"])
def test_a_wait_that_is_no_time_is_refused(client: httpx.Client, wait: str) -> None:
    answer = client.get("/v1/jobs/job_none", params={"wait": wait})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["detail"].startswith("wait: ")
