"""Where shards are scored: in processes of this machine, or on a Ray cluster. Both run `run_shard` and nothing else."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import islice
from multiprocessing import get_context
from typing import Protocol

from api.corpus.shard import run_shard
from classifier.errors import ConfigurationError, MissingExtraError

_LOOK_SECONDS = 1.0
# Shards for each processor of a cluster that are sent at once.
_WAVE = 4


class Engine(Protocol):
    """Anything that scores shards."""

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        """Yield the results of tasks as they are there, in any order; a task is taken when there is a worker for it."""
        ...


class LocalEngine:
    """A pool of processes on this machine; with 0 workers, this process itself."""

    def __init__(self, workers: int) -> None:
        self._workers = workers

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        """Yield the results of tasks; no more tasks are taken than there are workers, so a crash repeats one each at most."""
        if self._workers == 0:
            yield from map(run_shard, tasks)
            return
        # Forked, a process would inherit the threads' locks of database and runtime.
        pool = ProcessPoolExecutor(self._workers, get_context("spawn"), end_with, (os.getpid(),))
        pending: set[Future[str]] = set()
        try:
            while True:
                while len(pending) < self._workers and (task := next(tasks, None)) is not None:
                    pending.add(pool.submit(run_shard, task))
                if not pending:
                    return
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def end_with(parent: int) -> None:
    """End this process when its parent ends, however that ends."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class RayEngine:
    """Ray Data on a cluster. What a node was at when it died is scored again elsewhere, by Ray itself."""

    def __init__(self, address: str | None, workers: int | None = None) -> None:
        # Nobody is told that a cluster is used.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise MissingExtraError("--engine ray", "ray") from error
        try:
            # A cluster is joined; only without an address one is made here.
            ray.init(address=address, ignore_reinit_error=True, log_to_driver=False, logging_level="ERROR")
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise ConfigurationError(f"--address {address}: no Ray cluster answers there ({str(error).splitlines()[0]}); start one with `ray start --head`") from error  # fmt: skip
        self._workers = workers

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        """Yield the results of tasks, taken in waves: so a run can be paused, and a dead driver's shards are not many."""
        import ray
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        while True:
            workers = self._workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            rows = [{"task": task} for task in islice(tasks, workers * _WAVE)]
            if not rows:
                return
            data = ray.data.from_items(rows, override_num_blocks=len(rows))
            for row in data.map(_run_row, num_cpus=1, concurrency=self._workers, max_retries=-1).iter_rows():
                yield row["result"]


def _run_row(row: dict[str, str]) -> dict[str, str]:
    return {"result": run_shard(row["task"])}
