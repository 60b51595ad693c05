"""What the service stands on fails under load: the database is away or locked, the disk is full. Nothing is lost, and it goes on.

PREVENTION_TEST_OUTAGE_SECONDS says for how long PostgreSQL is away.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.service import RunningService, strategy, submit
from tests.drill.load import Submitter, ended
from tests.drill.postgres import INSTALLED, postgres

pytestmark = [pytest.mark.drill, pytest.mark.timeout(600)]

_OUTAGE_SECONDS = float(os.environ.get("PREVENTION_TEST_OUTAGE_SECONDS", "30"))
_LOCK_SECONDS = min(20.0, _OUTAGE_SECONDS)
_RECOVERY_SECONDS = 30.0


def settle(service: RunningService, submitters: list[Submitter]) -> tuple[dict[str, str], float]:
    """Wait for all that was accepted, and check that it is scored once; return it, and how long that took."""
    begun = time.monotonic()
    accepted: dict[str, str] = {}
    for submitter in submitters:
        assert submitter.faults == []
        accepted |= submitter.accepted
    with service.client() as client:
        assert all(ended(client, job) == "succeeded" for job in accepted.values())
    taken = time.monotonic() - begun
    documents = {row[0] for row in service.rows("SELECT id FROM documents")}
    assert accepted.keys() <= documents
    for table in ("jobs", "predictions"):
        assert sorted(row[0] for row in service.rows(f"SELECT document_id FROM {table}")) == sorted(documents)
    return accepted, taken


@pytest.mark.skipif(not INSTALLED, reason="no PostgreSQL is installed")
def test_postgresql_goes_away_under_load(tmp_path: Path) -> None:
    with postgres() as server:
        service = RunningService(tmp_path / "data", server.url)
        service.start()
        submitters = [Submitter(service, f"{n}-", 0.6, frozenset({503})) for n in range(3)]
        for submitter in submitters:
            submitter.start()
        time.sleep(4)
        server.stop()
        time.sleep(_OUTAGE_SECONDS)
        server.start()
        back = time.monotonic()
        with service.client() as client:
            while submit(client, strategy("after the outage")).status_code != 202:
                time.sleep(0.1)
        first = time.monotonic() - back
        time.sleep(2)
        for submitter in submitters:
            submitter.ended.set()
        for submitter in submitters:
            submitter.join()
        with service.client() as client:
            ended(client, submit(client, strategy("after the outage")).json()["job_id"])
        accepted, taken = settle(service, submitters)
        statuses = sum((submitter.statuses for submitter in submitters), start=submitters[0].statuses.__class__())
        service.stop()
    print(f"\nPostgreSQL away for {_OUTAGE_SECONDS:.0f} s: answers {dict(statuses)}, {len(accepted)} documents, first accepted {first:.1f} s and all scored {taken:.1f} s after load ended")  # fmt: skip
    assert statuses[503] > 0
    assert first < _RECOVERY_SECONDS
    assert taken < _RECOVERY_SECONDS


def test_sqlite_is_locked_under_load(tmp_path: Path) -> None:
    service = RunningService(tmp_path / "data", PREVENTION_LOCK_SECONDS="10")
    service.start()
    submitters = [Submitter(service, f"{n}-", 0.4, frozenset({503})) for n in range(3)]
    for submitter in submitters:
        submitter.start()
    time.sleep(3)
    other = sqlite3.connect(service.data / "prevention.sqlite", isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(_LOCK_SECONDS)
    other.execute("ROLLBACK")
    other.close()
    time.sleep(2)
    for submitter in submitters:
        submitter.ended.set()
    for submitter in submitters:
        submitter.join()
    accepted, taken = settle(service, submitters)
    statuses = sum((submitter.statuses for submitter in submitters), start=submitters[0].statuses.__class__())
    service.stop()
    print(f"\nSQLite locked for {_LOCK_SECONDS:.0f} s: answers {dict(statuses)}, {len(accepted)} documents, all scored {taken:.1f} s after load ended")  # fmt: skip
    assert taken < _RECOVERY_SECONDS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


def test_the_disk_is_full(small_disk: Path, tmp_path: Path) -> None:
    data = small_disk / "data"
    service = RunningService(data)
    # Its log lies beside the folder, and must not be what fills up.
    (small_disk / "data.log").symlink_to(tmp_path / "data.log")
    service.start()
    with service.client() as client:
        before = submit(client, strategy("before it is full") * 4).json()
        fill(small_disk / "filler")
        answers = [submit(client, strategy(f"while it is full {n}") * 4) for n in range(8)]
        statuses = [answer.status_code for answer in answers]
        refused = [n for n, status in enumerate(statuses) if status == 507]
        assert set(statuses) <= {202, 507}, [answer.text for answer in answers]
        assert refused
        assert client.get("/health/live").status_code == 200
        (small_disk / "filler").unlink()
        assert ended(client, before["job_id"]) == "succeeded"
        for n in range(8):
            answer = submit(client, strategy(f"while it is full {n}") * 4)
            assert answer.status_code in (200, 202), answer.text
            assert ended(client, answer.json()["job_id"]) == "succeeded"
    documents = dict(service.rows("SELECT id, digest FROM documents"))
    assert len(documents) == 9
    for table in ("jobs", "predictions"):
        assert sorted(row[0] for row in service.rows(f"SELECT document_id FROM {table}")) == sorted(documents)
    for path in (data / "files").glob("*/*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
    service.stop()
    print(
        f"\ndisk full: {len(refused)} of 8 uploads answered 507, no half row or file, all 9 scored once there was room"
    )
