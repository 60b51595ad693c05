"""What the client does with many files, jobs or documents: one after the other, none stopping the others."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from api.client.connection import Connection, RefusedError, UnreachableError
from api.client.display import Display, display
from api.client.forms import Form
from api.client.results import FILES_ONLY, csv_header, fetch_result
from classifier.batch import document_paths
from classifier.errors import ConfigurationError, PreventionError

_ENDED = ("succeeded", "failed")
# How long the service holds an answer back until a job has ended: shortly where somebody watches it move.
_WATCHED_SECONDS, _WAIT_SECONDS = 1, 20

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was taken in."""

    path: Path
    document_id: str
    job_id: str | None


@dataclass(slots=True)
class Run:
    """A run of the client: the connection, what is shown, and how many have failed."""

    connection: Connection
    display: Display
    failed: int = 0

    def each(self, items: Iterable[Item], act: Callable[[Item], None]) -> None:
        """Do something with each item; a fault is one line, and only a service that has gone away ends it for the rest."""
        left = list(items)
        while left:
            item = left.pop(0)
            try:
                act(item)
            except UnreachableError as error:
                self.failed += 1 + len(left)
                self.display.fault(str(error))
                return
            except ConfigurationError:
                raise
            except PreventionError as error:
                self.failed += 1
                self.display.fault(str(error))


@contextmanager
def run(connection: Connection, total: int) -> Iterator[Run]:
    """Begin a run, after checking address and key."""
    with closing(connection):
        connection.check()
        with display(total) as shown:
            yield Run(connection, shown)


def submit_files(connection: Connection, files: Sequence[Path], output: Path | None, *, wait: bool) -> int:
    """Send files and, where asked, wait for them and write what was found; return the exit status."""
    paths = list(document_paths(files))
    _make_folder(output)
    sent: list[Sent] = []
    with run(connection, len(paths)) as this:

        def send(path: Path) -> None:
            found = _send(this, path)
            sent.append(found)
            if not wait:
                _print({"file": str(path), "document_id": found.document_id, "job_id": found.job_id})
                this.display.ended()

        def finish(found: Sent) -> None:
            if found.job_id is not None:
                _wait(this, found.job_id, found.path.name)
            _fetch(this, found.document_id, Form.json, output)
            this.display.ended()

        this.each(paths, send)
        if wait:
            this.each(sent, finish)
    return 1 if this.failed else 0


def wait_for_jobs(connection: Connection, jobs: Sequence[str]) -> int:
    """Wait for jobs and print each as one line of JSON; return the exit status."""
    with run(connection, len(jobs)) as this:

        def finish(job_id: str) -> None:
            _print(_wait(this, job_id, job_id, may_fail=True))
            this.display.ended()

        this.each(jobs, finish)
    return 1 if this.failed else 0


def fetch_documents(connection: Connection, documents: Sequence[str], form: Form, output: Path | None) -> int:
    """Fetch results and write them; return the exit status."""
    if output is None and form in FILES_ONLY:
        raise ConfigurationError(f"--format {form} writes files; name their folder with --output DIR")
    _make_folder(output)
    with run(connection, len(documents)) as this:
        if form is Form.csv and output is None:
            sys.stdout.write(csv_header())

        def fetch(document_id: str) -> None:
            _fetch(this, document_id, form, output)
            this.display.ended()

        this.each(documents, fetch)
    return 1 if this.failed else 0


def _send(this: Run, path: Path) -> Sent:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PreventionError(f"{path.name}: cannot be read ({error.strerror}); check the path") from error
    try:
        answer = this.connection.upload(path.name, data, partial(this.display.step, path.name, "uploading"))
    except RefusedError as error:
        named = str(error).startswith(path.name)
        raise RefusedError(str(error) if named else f"{path.name}: {error}") from error
    return Sent(path, answer["document_id"], answer["job_id"])


def _wait(this: Run, job_id: str, name: str, *, may_fail: bool = False) -> dict[str, Any]:
    """Return a job once it has ended; a failed one is an error, or is only counted as one where it `may_fail`."""
    seconds = _WATCHED_SECONDS if this.display.shown else _WAIT_SECONDS
    while True:
        job: dict[str, Any] = this.connection.get(f"/v1/jobs/{quote(job_id, safe='')}", wait=seconds).json()
        if job["status"] in _ENDED:
            break
        this.display.step(name, job["stage"], job["done"], job["total"])
    if job["status"] == "failed":
        if not may_fail:
            raise PreventionError(job["error"]["detail"])
        this.failed += 1
        this.display.fault(job["error"]["detail"])
    return job


def _fetch(this: Run, document_id: str, form: Form, output: Path | None) -> None:
    path = fetch_result(this.connection, document_id, form, output)
    if path is not None:
        this.display.note(f"wrote {path}")


def _make_folder(output: Path | None) -> None:
    if output is None:
        return
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{output}: cannot be made ({error.strerror}); name another folder with --output") from error  # fmt: skip


def _print(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()
