"""Jobs survive the process: it is killed while they wait and while they run, and each is done once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.api.databases import BACKENDS, database_url
from tests.api.receiver import receiver
from tests.api.service import RunningService, strategy, submit, wait_for
from tests.conftest import SAMPLE
from tests.test_commands import prevention

_READY_SECONDS = 10


def check_all_done(service: RunningService, accepted: dict[str, str]) -> None:
    """Check that every accepted document has succeeded and has one prediction; `accepted` maps documents to jobs."""
    with service.client() as client:
        for document, job in accepted.items():
            assert wait_for(client, job)["status"] == "succeeded"
            assert client.get(f"/v1/documents/{document}/prediction").status_code == 200
    assert service.rows("SELECT count(*), count(DISTINCT document_id) FROM predictions") == [(len(accepted),) * 2]
    assert service.rows("SELECT count(*) FROM documents") == [(len(accepted),)]
    assert service.rows("SELECT count(*) FROM jobs") == [(len(accepted),)]


@pytest.fixture(params=BACKENDS)
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningService]:
    """A service of the test's own, not yet started."""
    with database_url(request.param) as url:
        yield RunningService(tmp_path / "data", url)


def test_what_was_accepted_is_done_once_however_often_the_process_is_killed(fresh: RunningService) -> None:
    service = fresh
    service.start()
    accepted: dict[str, str] = {}
    with service.client() as client:
        for n in range(5):
            document = (SAMPLE.read_bytes(), SAMPLE.name) if n == 0 else (strategy(str(n)), f"{n}.md")
            answer = submit(client, *document)
            assert answer.status_code == 202
            accepted[answer.json()["document_id"]] = answer.json()["job_id"]
    # Right after the last answer, so that most wait; then while the first is read or scored.
    service.kill()
    assert service.start() < _READY_SECONDS
    time.sleep(0.4)
    service.kill()
    assert service.start() < _READY_SECONDS
    check_all_done(service, accepted)
    with service.client() as client:
        submit(client, strategy("under way"))
    assert service.interrupt() == 128 + signal.SIGINT


def test_a_second_service_on_the_same_folder_is_refused(service: RunningService) -> None:
    done = prevention("serve", "--data", service.data, "--port", "1")
    assert done.returncode == 2
    assert "another `prevention serve` is at work on this folder" in done.stderr


def test_jobs_that_the_queue_has_lost_or_given_up_are_settled_at_the_next_start(tmp_path: Path) -> None:
    states = ["lost", "CANCELLED", "ERROR", "SUCCESS", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
    service = RunningService(tmp_path / "data")
    service.start()
    with service.client() as client:
        jobs = [submit(client, strategy(state)).json()["job_id"] for state in states]
        service.kill()
        with service.database() as engine, engine.begin() as connection:
            connection.execute(text("UPDATE jobs SET status = 'queued'"))
            connection.execute(text("DELETE FROM predictions"))
            connection.execute(text("DELETE FROM workflow_status WHERE workflow_uuid = :job"), {"job": jobs[0]})
            for job, state in zip(jobs, states, strict=True):
                query = text("UPDATE workflow_status SET status = :state WHERE workflow_uuid = :job")
                connection.execute(query, {"state": state, "job": job})
        service.start()
        ended = {state: wait_for(client, job) for job, state in zip(jobs, states, strict=True)}
    assert ended.pop("MAX_RECOVERY_ATTEMPTS_EXCEEDED")["error"]["code"] == "gave_up"
    assert {state: job["status"] for state, job in ended.items()} == dict.fromkeys(ended, "succeeded")
    service.stop()


def test_a_message_that_a_kill_cut_off_is_sent_after_the_restart(tmp_path: Path) -> None:
    service = RunningService(tmp_path / "data", PREVENTION_WEBHOOK_PRIVATE="true")
    service.start()
    with receiver() as to, service.client() as client:
        webhook = client.post("/v1/webhooks", json={"url": to.url, "events": ["job.succeeded"]}).json()
        submit(client, strategy("told after a kill"))
        while not service.rows("SELECT id FROM deliveries"):
            time.sleep(0.01)
        service.kill()
        (before,) = service.rows("SELECT id, attempts FROM deliveries WHERE status = 'waiting'")
        with service.database() as engine, engine.begin() as connection:
            # As if the time for which a sender keeps a message had passed, in case it had just been taken.
            connection.execute(text("UPDATE deliveries SET next_attempt = created"))
        service.start()
        to.wait(1)
        assert {message["id"] for message in to.messages(webhook["secret"])} == {before[0]}
    service.stop()
