"""A backup taken while documents come in is whole, and a service on what is restored from it goes on where it was."""

from __future__ import annotations

import hashlib
import shutil
import signal
import tarfile
import threading
from pathlib import Path

import pytest

from tests.api.databases import BACKENDS, database_url
from tests.api.service import RunningService, strategy, submit, wait_for
from tests.test_commands import prevention

_LEAST_BEFORE = 8


class Submitter(threading.Thread):
    """Submits one document after the other."""

    def __init__(self, service: RunningService) -> None:
        super().__init__()
        self._service = service
        self.number = 0
        self.enough, self.ended = threading.Event(), threading.Event()

    def run(self) -> None:
        with self._service.client() as client:
            while not self.ended.is_set():
                assert submit(client, strategy(str(self.number)) * 3, f"{self.number}.md").status_code == 202
                self.number += 1
                if self.number >= _LEAST_BEFORE:
                    self.enough.set()


def environment(url: str | None) -> dict[str, str]:
    return {"PREVENTION_DATABASE_URL": url} if url is not None else {}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backup_of_a_busy_service_is_restored_and_goes_on(tmp_path: Path, backend: str) -> None:
    if backend == "postgresql" and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    target = tmp_path / "backup.tar"
    with database_url(backend) as url, database_url(backend) as other:
        service = RunningService(tmp_path / "data", url)
        service.start()
        submitter = Submitter(service)
        submitter.start()
        submitter.enough.wait(timeout=60)
        done = prevention("backup", target, "--data", service.data, **environment(url))
        submitter.ended.set()
        submitter.join()
        assert done.returncode == 0, done.stderr
        assert service.stop() == -signal.SIGTERM

        place = tmp_path / "restored"
        done = prevention("restore", target, "--data", place, **environment(other))
        assert done.returncode == 0, done.stderr
        assert not list(place.glob(".restore-*"))
        again = prevention("restore", target, "--data", place, **environment(other))
        assert (again.returncode, "is not empty" in again.stderr) == (2, True)
        restored = RunningService(place, other, key=service.key)
        documents = restored.rows("SELECT id, digest FROM documents")
        assert _LEAST_BEFORE <= len(documents) <= submitter.number
        for _, digest in documents:
            assert hashlib.sha256((place / "files" / digest[:2] / digest).read_bytes()).hexdigest() == digest
        restored.start()
        with restored.client() as client:
            for job, *_ in restored.rows("SELECT id FROM jobs"):
                assert wait_for(client, job)["status"] == "succeeded"
        assert restored.rows("SELECT count(*) FROM predictions") == [(len(documents),)]
        restored.stop()


@pytest.mark.parametrize("fault", ["byte", "cut", "none", "stranger"])
def test_a_broken_backup_is_refused_and_nothing_restored(tmp_path: Path, fault: str) -> None:
    service = RunningService(tmp_path / "data")
    (service.data / "files" / "ab").mkdir()
    content = b"# A strategy"
    digest = hashlib.sha256(content).hexdigest()
    (service.data / "files" / "ab" / digest).write_bytes(content)
    target = tmp_path / "backup.tar"
    assert prevention("backup", target, "--data", service.data).returncode == 0
    assert prevention("backup", target, "--data", service.data).returncode == 2
    whole = target.read_bytes()
    assert whole.count(content) == 1
    if fault == "byte":
        target.write_bytes(whole.replace(content, b"# Another one"[: len(content)]))
    elif fault == "cut":
        target.write_bytes(whole[: len(whole) // 2])
    elif fault == "none":
        target.unlink()
    else:
        with tarfile.open(target, "a") as tar:
            tar.add(__file__, "../outside.py")
    done = prevention("restore", target, "--data", tmp_path / "restored")
    assert done.returncode == 2, done.stdout
    assert done.stderr.startswith("prevention: ") or "prevention: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "restored").iterdir())
    assert not (tmp_path / "outside.py").exists()


@pytest.mark.parametrize("backend", [BACKENDS[1]])
def test_without_pg_dump_the_next_step_is_told(tmp_path: Path, backend: str) -> None:
    with database_url(backend) as url:
        assert url is not None
        service = RunningService(tmp_path / "data", url)
        done = prevention(
            "backup", tmp_path / "b.tar", "--data", service.data, PREVENTION_DATABASE_URL=url, PATH="/none"
        )
        assert done.returncode == 2
        assert "pg_dump is not installed" in done.stderr
        assert not (tmp_path / "b.tar").exists()
