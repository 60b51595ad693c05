"""A real service for tests: its own folder, its own process, a free port of this machine."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, text

from api.settings import load_settings
from api.store.database import open_database
from classifier.artefact import current_model

PROGRAM = Path(sys.executable).parent / "prevention"
READY_SECONDS = 60.0


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningService:
    """A store made by `prevention init`, unless a key to one that is there already is given, and the `prevention serve` that runs on it."""

    def __init__(self, data: Path, url: str | None = None, key: str | None = None, **settings: str) -> None:
        self.data, self.port = data, free_port()
        self.program: tuple[str | Path, ...] = (PROGRAM,)
        # Tests ask more often than people do; those of the limits set their own.
        settings = {"PREVENTION_RATE_PER_MINUTE": "100000", **settings}
        # The model is fixed where a test has no folder of models of its own: none shall change the one that this machine uses.
        if "PREVENTION_MODELS" not in settings:
            settings.setdefault("PREVENTION_MODEL", str(current_model()))
        self.environment = {**os.environ, **settings, **({"PREVENTION_DATABASE_URL": url} if url is not None else {})}
        self._process: subprocess.Popen[bytes] | None = None
        if key is None:
            done = subprocess.run(
                [PROGRAM, "init", "--data", data], capture_output=True, text=True, check=True, env=self.environment
            )
            key = done.stdout.splitlines()[-1].removeprefix("key: ")
        self.key = key

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """Open the service's database beside it."""
        url = self.environment.get("PREVENTION_DATABASE_URL")
        engine = open_database(load_settings(data=self.data, database_url=url))
        yield engine
        engine.dispose()

    @property
    def log(self) -> Path:
        """Where the process writes what it logs."""
        return self.data.parent / f"{self.data.name}.log"

    def start(self, *options: str) -> float:
        """Start the process; return the seconds until it was ready."""
        begun = time.monotonic()
        # A test that fails half way does not stop it.
        atexit.unregister(self._leave_nothing)
        atexit.register(self._leave_nothing)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.program, "serve", "--data", self.data, "--port", str(self.port), *options], stdout=log, stderr=log, env=self.environment
            )  # fmt: skip
        while time.monotonic() - begun < READY_SECONDS:
            assert self._process.poll() is None, self.log.read_text(encoding="utf-8")[-2000:]
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health/ready").status_code == 200:
                    return time.monotonic() - begun
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"not ready after {READY_SECONDS} s: {self.log.read_text(encoding='utf-8')[-2000:]}")

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker beside the service; it writes to the same log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [PROGRAM, "worker", "--data", self.data, "--id", name], stdout=log, stderr=log, env=self.environment
            )

    def lines(self) -> list[dict[str, Any]]:
        """Return the log, line by line."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]

    def _leave_nothing(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that runs, or ran last."""
        assert self._process is not None
        return self._process

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask the process to end; return its exit status."""
        return self._end(signal.SIGTERM)

    def interrupt(self) -> int:
        """Interrupt the process, as Ctrl-C does; return its exit status."""
        return self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def client(self, key: str | None = None) -> httpx.Client:
        """Return a client that sends this key, or the administrator's."""
        headers = {"Authorization": f"Bearer {key if key is not None else self.key}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=90)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what a query finds in the database, read beside the running service."""
        with self.database() as engine, engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


def submit(client: httpx.Client, content: bytes, name: str = "plan.md", **fields: str) -> httpx.Response:
    """Upload a document."""
    return client.post("/v1/documents", files={"file": (name, content)}, data=fields)


def post_json(client: httpx.Client, path: str, body: object) -> httpx.Response:
    """Send JSON in ASCII: httpx's own way cannot say half a surrogate pair."""
    return client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})


def wait_for(client: httpx.Client, job: str, seconds: float = 60) -> dict[str, Any]:
    """Wait for a job to end and return it."""
    answer = client.get(f"/v1/jobs/{job}", params={"wait": seconds})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def strategy(mark: str) -> bytes:
    """Return a short strategy that differs from others by its mark: quick to score, and one document of its own."""
    text = (
        "The board puts prevention first, and every partner will help people to stay well and independent at home. "
        "Health checks find people at risk early, and reablement after a stay in hospital brings them home again. "
    )
    return f"# Strategy {mark}\n\n## Prevention\n\n{text * 3}\n\n## Places\n\n{text * 3}\n".encode()
