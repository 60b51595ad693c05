"""The worker: takes jobs off the queue in threads of this process, has webhooks told of their end, and takes up again what a crash left unfinished.

On PostgreSQL there may be several. Each holds a lock under its id as long as it lives; what a worker was at that holds none
is queued anew by the others.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import structlog
from dbos import DBOS, DBOSPortableJSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.courier import Courier
from api.queue import APPLICATION, PROTOCOL, QUEUE, WORKFLOW, JobQueue
from api.scoring import Scorer
from api.store.jobs import fail_job, jobs_under_way
from api.store.presence import Presence, lock_if_free

log = structlog.stdlib.get_logger("prevention.worker")

# The worker inside `prevention serve`. DBOS gives a worker back what it was at when it died by its id; so that must stay the same.
SERVE = "serve"
# One document is read while another is scored.
_AT_A_TIME = 2
_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 30.0
_PRESENCE_SECONDS = 5.0
# No worker's id has a space.
_SETTLING = "jobs being settled"
# A document during which the process has died this often is not tried again: it may be what kills it.
_MAX_RECOVERIES = 20
_GAVE_UP = f"the service ended {_MAX_RECOVERIES} times while this document was read or scored; report it, and submit the document again to have it tried once more"  # fmt: skip
_LIVE = ("ENQUEUED", "PENDING", "DELAYED")


class Worker:
    """Carries out jobs until it is stopped. DBOS allows one per process."""

    def __init__(
        self, engine: Engine, queue: JobQueue, scorer: Scorer, courier: Courier, name: str, presence: Presence | None
    ) -> None:  # fmt: skip
        self._engine, self._queue, self._scorer, self._courier, self.name = engine, queue, scorer, courier, name
        self._presence = presence
        self._missed: set[str] = set()
        self._ended = threading.Event()

    def start(self) -> None:
        """Take up the unfinished jobs of the process before this one, then those that come."""
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._engine,
                "application_version": PROTOCOL,
                "executor_id": self.name,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "use_listen_notify": False,
            }
        )

        # The step is repeated while the database or the disk fails, for about a minute; after that the job is queued anew.
        @DBOS.step(name="score", retries_allowed=True, max_attempts=12, interval_seconds=1.0, backoff_rate=1.3)
        def score(job_id: str) -> None:
            self._scorer.run(job_id)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_MAX_RECOVERIES)
        def score_document(job_id: str) -> None:
            score(job_id)

        DBOS.launch()
        self._settle()
        self._every(_SETTLE_SECONDS, self._settle)
        if self._presence is not None:
            self._every(_PRESENCE_SECONDS, self._look_round)
        DBOS.register_queue(QUEUE, worker_concurrency=_AT_A_TIME, polling_interval_sec=_POLL_SECONDS)
        self._courier.start()

    def stop(self) -> None:
        """Stop taking jobs. What is under way goes on when a worker starts again."""
        self._ended.set()
        self._courier.stop()
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _every(self, seconds: float, look: Callable[[], None]) -> None:
        def repeat() -> None:
            while not self._ended.wait(seconds):
                try:
                    look()
                except DBAPIError as error:
                    log.warning("jobs could not be looked after", error=type(error.orig).__name__)

        threading.Thread(target=repeat, name=look.__name__, daemon=True).start()

    def _look_round(self) -> None:
        """Hold on to this worker's lock, and queue anew what dead workers were at."""
        assert self._presence is not None
        if not self._presence.keep():
            log.error("another process works under this id: this one ends", worker=self.name)
            os._exit(1)
        absent = {name for name in self._queue.workers_at_work() - {self.name} if self._recover(name)}
        self._missed = absent

    def _recover(self, name: str) -> bool:
        """Tell whether a worker is absent; when it was so at the last look too, queue what it was at anew.

        Not at the first look: after a restart of the database every worker is without its lock for a moment.
        """
        with lock_if_free(self._engine, name) as absent:
            if absent and name in self._missed:
                taken = DBOS._recover_pending_workflows([name])
                log.warning("took up what a dead worker was at", worker=name, jobs=len(taken))
            return absent

    def _settle(self) -> None:
        """Bring jobs and queue together where a long failure, a crash or a restored copy has left them apart."""
        # One worker at a time: two would each drop what the other has just queued.
        with lock_if_free(self._engine, _SETTLING) as alone:
            if alone:
                for job_id, state in self._unsettled():
                    self._settle_job(job_id, state)

    def _unsettled(self) -> list[tuple[str, str | None]]:
        """Return the unfinished jobs that no worker is at and none will be at, with their state in the queue."""
        with Session(self._engine) as session:
            before = list(jobs_under_way(session))
        states = self._queue.states(before)
        with Session(self._engine) as session:
            # A job that has ended meanwhile has left the queue, too: only what is unfinished before and after counts.
            after = set(jobs_under_way(session))
        return [(job, states.get(job)) for job in before if job in after and states.get(job) not in _LIVE]

    def _settle_job(self, job_id: str, state: str | None) -> None:
        if state is not None:
            self._queue.forget(job_id)
        with Session(self._engine) as session, session.begin():
            if state == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
                fail_job(session, job_id, "gave_up", _GAVE_UP)
            else:
                self._queue.put(session, job_id)
        log.warning("unfinished job settled", job_id=job_id, state=state)
