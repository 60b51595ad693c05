"""The service's own hand in runs: what was begun, or was left by a process that died, is carried out by a process beside the service."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import structlog
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.corpus.engines import LocalEngine, end_with
from api.corpus.owners import is_dead
from api.corpus.running import Driver
from api.logs import configure_logs
from api.settings import Settings, load_settings
from api.store.corpus import live_owners
from api.store.database import open_database
from api.store.tables import CorpusRun
from classifier.errors import PreventionError

log = structlog.stdlib.get_logger("prevention.corpus")

_LOOK_SECONDS = 2.0
# Requests and single documents go first.
_NICENESS = 10


class Attendant:
    """Looks for runs that nobody is at, and has one at a time carried out in a process that ends with this one."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Look after runs in a thread, until this process ends."""
        threading.Thread(target=self._attend, name="runs", daemon=True).start()

    def _attend(self) -> None:
        waiting = threading.Event()
        while not waiting.wait(_LOOK_SECONDS):
            try:
                self._look()
            except (DBAPIError, OSError) as error:
                log.warning("runs could not be looked after", error=type(error).__name__)

    def _look(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        with Session(self._engine) as session:
            for run_id in session.scalars(select(CorpusRun.id).filter_by(status="running").order_by(CorpusRun.id)):
                if all(is_dead(owner) for owner in live_owners(session, run_id)):
                    self._process = self._begin(run_id)
                    return

    def _begin(self, run_id: str) -> subprocess.Popen[bytes]:
        given = {"PREVENTION_DATA": str(self._settings.data.resolve())}
        log.info("run taken up", run=run_id)
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "api.corpus.attendance", run_id], stdin=subprocess.DEVNULL, env={**os.environ, **given}
        )  # fmt: skip


def main(run_id: str) -> int:
    """Carry out a run beside the service that began this process, and end with it."""
    end_with(os.getppid())
    os.nice(_NICENESS)
    settings = load_settings()
    configure_logs(settings.log_format)
    try:
        driver = Driver(open_database(settings), settings, run_id, LocalEngine(len(os.sched_getaffinity(0))))
        outcome = driver.drive()
    except PreventionError as error:
        log.error("a run cannot go on", run=run_id, reason=str(error))
        return 1
    log.info("run left", run=run_id, status=outcome.status)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
