"""The process ends right before and right after each write, one after the other, from an upload to the message to a webhook.

PREVENTION_TEST_FAULT_STEP tries only every so many of them.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from tests.api.databases import BACKENDS, database_url
from tests.api.receiver import Receiver, receiver
from tests.api.service import RunningService, strategy
from tests.conftest import ROOT
from tests.drill.load import ended

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

_STEP = int(os.environ.get("PREVENTION_TEST_FAULT_STEP", "1"))
# After the message is delivered, the queue still writes that its work is done.
_TAIL_SECONDS = 1.0
# A message that a fault cut off waits until its claim is over.
_RUN_SECONDS = 60.0


def send(service: RunningService, number: int) -> str | None:
    """Submit a document of its own; return its job, or None where the fault came before the answer."""
    headers = {"Idempotency-Key": f"fault-{number}"}
    with service.client() as client:
        try:
            answer = client.post(
                "/v1/documents", files={"file": ("p.md", strategy(f"fault {number}"))}, headers=headers
            )
        except httpx.TransportError:
            return None
    assert answer.status_code == 202, answer.text
    job: str = answer.json()["job_id"]
    return job


def lived(service: RunningService, job: str | None) -> bool:
    """Wait until a job and its message are done or the process has ended; tell whether it lives."""
    end = time.monotonic() + _RUN_SECONDS
    while service.process.poll() is None:
        assert time.monotonic() < end, "neither done nor ended"
        done = f"SELECT 1 FROM deliveries WHERE status = 'delivered' AND body LIKE '%{job}%'"
        if job is not None and service.rows(done):
            time.sleep(_TAIL_SECONDS)
            break
        time.sleep(0.05)
    return service.process.poll() is None


def check_nothing_is_half(service: RunningService) -> int:
    """Check that each document has its whole file, one job that succeeded, one reading, one prediction, one message."""
    documents = dict(service.rows("SELECT id, digest FROM documents"))
    files = [path for path in (service.data / "files").rglob("*") if path.is_file()]
    for path in files:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    assert set(documents.values()) <= {path.name for path in files}
    assert {status for (status,) in service.rows("SELECT status FROM jobs")} <= {"succeeded"}
    for table in ("jobs", "readings", "predictions"):
        assert sorted(row[0] for row in service.rows(f"SELECT document_id FROM {table}")) == sorted(documents)
    assert sorted({row[0] for row in service.rows("SELECT document_id FROM passages")}) == sorted(documents)
    assert len(service.rows("SELECT id FROM deliveries")) == len(documents)
    return len(documents)


def check_messages(service: RunningService, to: Receiver, secret: str) -> None:
    """Check that every message has arrived, each under one id, once the claims of the dead are over."""
    with service.database() as engine, engine.begin() as connection:
        connection.execute(text("UPDATE deliveries SET next_attempt = created WHERE status = 'waiting'"))
    end = time.monotonic() + 30
    while service.rows("SELECT 1 FROM deliveries WHERE status <> 'delivered'"):
        assert time.monotonic() < end, service.rows("SELECT id, status, attempts, last_error FROM deliveries WHERE status <> 'delivered'")  # fmt: skip
        time.sleep(0.1)
    ids = {row[0] for row in service.rows("SELECT id FROM deliveries")}
    assert {message["id"] for message in to.messages(secret)} == ids


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_fault_at_any_write_loses_and_doubles_nothing(tmp_path: Path, backend: str) -> None:
    order = tmp_path / "order"
    with database_url(backend) as url, receiver() as to:
        settings = {"PREVENTION_FAULT_FILE": str(order), "PREVENTION_WEBHOOK_PRIVATE": "true", "PYTHONPATH": str(ROOT)}
        service = RunningService(tmp_path / "data", url, **settings)
        service.program = (sys.executable, "-m", "tests.drill.faults")
        service.start()
        with service.client() as client:
            secret = client.post("/v1/webhooks", json={"url": to.url, "events": ["job.succeeded"]}).json()["secret"]
        number, unanswered = 1, 0
        while True:
            order.write_text(str(number))
            job = send(service, number)
            alive = lived(service, job)
            order.unlink()
            if alive:
                break
            service.start()
            unanswered += job is None
            # Whether or not the answer came: the same request again is the same document and job.
            again = send(service, number)
            assert again is not None
            assert job in (None, again)
            with service.client() as client:
                assert ended(client, again) == "succeeded"
            number += _STEP
        documents = check_nothing_is_half(service)
        check_messages(service, to, secret)
        service.stop()
    print(f"\nfaults, {backend}: ended at {(number - 1) // _STEP} of {number - 1} moments around writes, {unanswered} before the answer; {documents} documents each scored once, {len(to.received)} messages for {documents}")  # fmt: skip
    assert number > 20
