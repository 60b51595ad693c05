"""The service is killed again and again while a client submits: nothing accepted is lost, nothing is scored twice.

PREVENTION_TEST_KILLS says how often.
"""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.api.databases import BACKENDS, database_url
from tests.api.service import RunningService, strategy, submit, wait_for

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

_KILLS = int(os.environ.get("PREVENTION_TEST_KILLS", "200"))
_READY_SECONDS = 10


class Submitter(threading.Thread):
    """Submits documents, each several times, and writes down which were accepted."""

    def __init__(self, service: RunningService) -> None:
        super().__init__()
        self._service = service
        self.accepted: dict[str, str] = {}
        self.answers = 0
        self.ended = threading.Event()

    def run(self) -> None:
        number = 0
        with self._service.client() as client:
            while not self.ended.is_set():
                try:
                    answer = submit(client, strategy(str(number)), f"{number}.md")
                except httpx.TransportError:
                    time.sleep(0.02)
                    continue
                assert answer.status_code in (200, 202), answer.text
                body = answer.json()
                assert self.accepted.setdefault(body["document_id"], body["job_id"]) == body["job_id"]
                self.answers += 1
                number += random.random() < 0.7
                time.sleep(random.uniform(0, 0.5))


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_accepted_is_lost(tmp_path: Path, backend: str) -> None:
    with database_url(backend) as url:
        service = RunningService(tmp_path / "data", url)
        service.start()
        submitter = Submitter(service)
        submitter.start()
        slowest = 0.0
        try:
            for _ in range(_KILLS):
                time.sleep(random.uniform(0, 2.5))
                service.kill()
                slowest = max(slowest, service.start())
        finally:
            submitter.ended.set()
            submitter.join()
        with service.client() as client:
            for job in submitter.accepted.values():
                assert wait_for(client, job)["status"] == "succeeded"
        # A document whose answer the kill cut off is here, too: it is held to the same.
        documents = {row[0] for row in service.rows("SELECT id FROM documents")}
        assert submitter.accepted.keys() <= documents
        assert {row[0] for row in service.rows("SELECT document_id FROM jobs WHERE status <> 'succeeded'")} == set()
        for table in ("jobs", "predictions"):
            rows = [row[0] for row in service.rows(f"SELECT document_id FROM {table}")]
            assert sorted(rows) == sorted(documents)
        service.stop()
        print(f"\n{backend}: {_KILLS} kills, {submitter.answers} answers, {len(documents)} documents, ready in {slowest:.1f} s at most")  # fmt: skip
        assert slowest < _READY_SECONDS
