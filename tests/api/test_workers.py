"""Workers beside the service, on PostgreSQL: one is killed, with and without coming back, and every job is done once."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.api.databases import BACKENDS, database_url
from tests.api.service import RunningService, strategy, submit
from tests.test_commands import prevention

_DONE_SECONDS = 60.0
postgresql = pytest.mark.parametrize("backend", [BACKENDS[1]])


@contextmanager
def running(worker: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """End a worker with the test."""
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def until_at_work(service: RunningService, name: str) -> None:
    """Wait until a worker has taken jobs."""
    end = time.monotonic() + 30
    query = f"SELECT count(*) FROM dbos.workflow_status WHERE executor_id = '{name}' AND status = 'PENDING'"
    while service.rows(query) == [(0,)]:
        assert time.monotonic() < end, service.log.read_text(encoding="utf-8")[-2000:]
        time.sleep(0.02)


def check_all_done(service: RunningService, count: int, since: float) -> None:
    """Check that every job succeeds within a minute, and that each document has one prediction."""
    while service.rows("SELECT count(*) FROM jobs WHERE status = 'succeeded'") != [(count,)]:
        assert time.monotonic() - since < _DONE_SECONDS, service.log.read_text(encoding="utf-8")[-3000:]
        time.sleep(0.2)
    assert service.rows("SELECT count(*), count(DISTINCT document_id) FROM predictions") == [(count, count)]
    assert service.rows("SELECT count(*) FROM jobs") == [(count,)]


@postgresql
@pytest.mark.parametrize("back", [True, False], ids=["restarted", "never restarted"])
def test_what_a_killed_worker_was_at_is_done(tmp_path: Path, backend: str, back: bool) -> None:
    with database_url(backend) as url, ExitStack() as stack:
        service = RunningService(tmp_path / "data", url)
        service.start("--no-worker")
        with service.client() as client:
            for n in range(8):
                assert submit(client, strategy(f"{n}") * 20, f"{n}.md").status_code == 202
        doomed = stack.enter_context(running(service.start_worker("doomed")))
        until_at_work(service, "doomed")
        stack.enter_context(running(service.start_worker("other")))
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
        killed = time.monotonic()
        if back:
            stack.enter_context(running(service.start_worker("doomed")))
        check_all_done(service, 8, killed)
        events = {line["event"] for line in service.lines()}
        assert "unfinished job settled" not in events
        assert ("took up what a dead worker was at" in events) is not back
        service.stop()


@postgresql
def test_two_workers_share_the_work_and_an_id_is_taken_once(tmp_path: Path, backend: str) -> None:
    with database_url(backend) as url, ExitStack() as stack:
        service = RunningService(tmp_path / "data", url)
        service.start("--no-worker")
        workers = [stack.enter_context(running(service.start_worker(name))) for name in ("one", "two")]
        with service.client() as client:
            for n in range(8):
                submit(client, strategy(f"{n}") * 8, f"{n}.md")
        until_at_work(service, "one")
        until_at_work(service, "two")
        again = prevention("worker", "--data", service.data, "--id", "one", PREVENTION_DATABASE_URL=url or "")
        assert again.returncode == 2, again.stderr
        assert "one: another process works under this id on this database" in again.stderr
        check_all_done(service, 8, time.monotonic())
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=30) == 0
        service.stop()


def test_a_worker_on_sqlite_is_refused(tmp_path: Path) -> None:
    prevention("init", "--data", tmp_path)
    done = prevention("worker", "--data", tmp_path, "--id", "one")
    assert done.returncode == 2
    assert "only one process works on SQLite" in done.stderr


@pytest.mark.parametrize("name", ["serve", "a b", "", "x" * 61])
def test_a_worker_needs_an_id_of_its_own(tmp_path: Path, name: str) -> None:
    done = prevention("worker", "--data", tmp_path, "--id", name)
    assert done.returncode == 2
    assert "a worker's id is 1 to 60 letters" in done.stderr
