"""Load on a service, and what it takes of the machine: clients in threads, and figures from /proc."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

from tests.api.service import RunningService, strategy, submit, wait_for

_ENDED = ("succeeded", "failed")


class Submitter(threading.Thread):
    """Submits documents, each several times, and writes down which were accepted and what else was answered.

    `bearable` are statuses that may be answered beside 200 and 202; with 503 comes Retry-After.
    """

    def __init__(self, service: RunningService, mark: str = "", pause: float = 0.5, bearable: frozenset[int] = frozenset()) -> None:  # fmt: skip
        super().__init__()
        self._service, self._mark, self._pause, self._bearable = service, mark, pause, bearable
        self.accepted: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.faults: list[str] = []
        self.ended = threading.Event()

    @property
    def answers(self) -> int:
        """How many uploads were accepted, repeated ones included."""
        return self.statuses[200] + self.statuses[202]

    def run(self) -> None:
        """Submit until told to end."""
        number = 0
        with self._service.client() as client:
            while not self.ended.is_set():
                try:
                    answer = submit(client, strategy(f"{self._mark}{number}"), f"{self._mark}{number}.md")
                except httpx.TransportError:
                    time.sleep(0.02)
                    continue
                self.statuses[answer.status_code] += 1
                if answer.status_code in (200, 202):
                    self._note(answer.json())
                    number += random.random() < 0.7
                elif answer.status_code not in self._bearable:
                    self.faults.append(answer.text)
                elif answer.status_code == 503 and not int(answer.headers.get("retry-after", 0)):
                    self.faults.append("503 without Retry-After")
                time.sleep(random.uniform(0, self._pause))

    def _note(self, body: dict[str, str]) -> None:
        known = self.accepted.setdefault(body["document_id"], body["job_id"])
        if known != body["job_id"]:
            self.faults.append(f"{body['document_id']} has the jobs {known} and {body['job_id']}")


class Poller(threading.Thread):
    """Asks for jobs that a submitter was told of: each is there, and what has ended stays as it ended."""

    def __init__(self, service: RunningService, submitter: Submitter) -> None:
        super().__init__()
        self._service, self._submitter = service, submitter
        self._seen: dict[str, str] = {}
        self.answers = 0
        self.faults: list[str] = []

    def run(self) -> None:
        """Ask until the submitter has ended."""
        with self._service.client() as client:
            while not self._submitter.ended.wait(0.05):
                jobs = list(self._submitter.accepted.values())
                if not jobs:
                    continue
                job = random.choice(jobs)
                try:
                    answer = client.get(f"/v1/jobs/{job}", params={"wait": random.choice([0, 1])})
                except httpx.TransportError:
                    continue
                self.answers += 1
                status = answer.json().get("status", answer.text)
                if answer.status_code != 200 or self._seen.get(job, status) != status:
                    self.faults.append(f"{job}: {answer.status_code}, {status} after {self._seen.get(job)}")
                if status in _ENDED:
                    self._seen[job] = status


def ended(client: httpx.Client, job: str, seconds: float = 240) -> str:
    """Wait for a job however busy the machine is; return its status."""
    end = time.monotonic() + seconds
    while (status := str(wait_for(client, job)["status"])) not in _ENDED and time.monotonic() < end:
        pass
    return status


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, directly or not."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found


def memory_mb(pid: int) -> float:
    """Return the memory that a process and its children hold, in MB."""
    total = 0
    for member in family(pid):
        try:
            status = Path(f"/proc/{member}/status").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
    return total / 1024


def spooled_mb(pid: int) -> float:
    """Return the size of the temporary files that a process holds open, in MB: they have no name any more."""
    total = 0
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if "(deleted)" in str(link.readlink()):
                total += link.stat().st_size
        except OSError:
            continue
    return total / 2**20


def percentile(times: list[float], share: float = 0.99) -> float:
    """Return the time within which this share of requests was answered, in milliseconds."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000
