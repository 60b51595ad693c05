"""What Prometheus reads: counted here, or told by the database whoever did the work; its labels are bounded."""

from __future__ import annotations

from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.api.databases import database_url
from tests.api.service import RunningService, strategy, submit, wait_for


def samples(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample by its name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(client: httpx.Client, name: str, **labels: str) -> float:
    """Return one sample; 0 where it is not there."""
    return samples(client).get((name, frozenset(labels.items())), 0.0)


def test_jobs_stages_and_refusals_are_counted(client: httpx.Client) -> None:
    before = samples(client)
    good = submit(client, strategy("for the metrics"), "plan.md").json()
    assert wait_for(client, good["job_id"])["status"] == "succeeded"
    assert client.get("/v1/documents/doc_0").status_code == 404
    after = samples(client)

    def grown(name: str, **labels: str) -> float:
        key = (name, frozenset(labels.items()))
        return after.get(key, 0.0) - before.get(key, 0.0)

    assert grown("prevention_jobs_total", outcome="succeeded") >= 1
    assert grown("prevention_documents") >= 1
    assert grown("prevention_document_bytes") >= len(strategy("for the metrics"))
    assert grown("prevention_refusals_total", code="document_not_found") >= 1
    assert (
        grown("prevention_request_seconds_count", method="GET", route="/v1/documents/{document_id}", status="404") == 1
    )
    for stage in ("reading", "scoring", "keeping"):
        assert grown("prevention_stage_seconds_count", stage=stage) >= 1
    model = client.get("/version").json()
    info = {"version": model["version"], "model": model["model"], "codebook_version": model["codebook_version"]}
    assert value(client, "prevention_model_info", **info) == 1


def test_labels_are_bounded(client: httpx.Client) -> None:
    client.get("/v1/nothing/of/the/kind")
    client.request("BREW", "/v1/documents")
    before = len(samples(client))
    for n in range(20):
        client.get(f"/v1/nothing/{n}")
        client.get(f"/v1/jobs/job_{n}")
        client.request(f"BREW{n}", "/v1/documents")
    labels = {pair for _, pairs in samples(client) for pair in pairs}
    assert ("route", "none") in labels
    assert ("method", "other") in labels
    assert not any(text in found for _, found in labels for text in ("nothing", "job_1", "BREW"))
    # At most the histograms of two more routes and statuses than before.
    assert len(samples(client)) - before < 60


def test_what_waits_is_told_and_anybody_may_read_where_that_is_set(tmp_path: Path) -> None:
    with database_url("sqlite") as url:
        service = RunningService(tmp_path / "data", url, PREVENTION_METRICS_OPEN="true")
        service.start("--no-worker")
        with service.client() as client:
            submit(client, strategy("waits"))
            wait_for(client, submit(client, strategy("waits too")).json()["job_id"], 1)
        with service.client("nobody") as anybody:
            assert value(anybody, "prevention_queue_jobs", status="queued") == 2
            assert value(anybody, "prevention_queue_oldest_seconds") >= 1
        service.stop()
