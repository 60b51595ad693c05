"""The service is killed again and again while clients submit and poll: nothing accepted is lost, nothing is scored twice.

PREVENTION_TEST_KILLS says how often, over both databases together.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from tests.api.databases import AVAILABLE, BACKENDS, database_url
from tests.api.service import RunningService
from tests.drill.load import Poller, Submitter, ended

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

_KILLS = -(-int(os.environ.get("PREVENTION_TEST_KILLS", "200")) // AVAILABLE)
_READY_SECONDS = 10


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_accepted_is_lost(tmp_path: Path, backend: str) -> None:
    with database_url(backend) as url:
        service = RunningService(tmp_path / "data", url)
        service.start()
        submitter = Submitter(service)
        poller = Poller(service, submitter)
        submitter.start()
        poller.start()
        slowest = 0.0
        try:
            for _ in range(_KILLS):
                time.sleep(random.uniform(0, 2.5))
                service.kill()
                slowest = max(slowest, service.start())
        finally:
            submitter.ended.set()
            submitter.join()
            poller.join()
        with service.client() as client:
            for job in submitter.accepted.values():
                assert ended(client, job) == "succeeded"
        assert (submitter.faults, poller.faults) == ([], [])
        # A document whose answer the kill cut off is here, too: it is held to the same.
        documents = {row[0] for row in service.rows("SELECT id FROM documents")}
        assert submitter.accepted.keys() <= documents
        assert {row[0] for row in service.rows("SELECT document_id FROM jobs WHERE status <> 'succeeded'")} == set()
        for table in ("jobs", "predictions"):
            rows = [row[0] for row in service.rows(f"SELECT document_id FROM {table}")]
            assert sorted(rows) == sorted(documents)
        service.stop()
        print(f"\nkills, {backend}: {_KILLS} kills, {submitter.answers} uploads and {poller.answers} polls answered, {len(documents)} documents each scored once, ready in {slowest:.1f} s at most")  # fmt: skip
        assert slowest < _READY_SECONDS
