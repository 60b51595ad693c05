"""The worker: takes jobs off the queue in threads of this process, has webhooks told of their end, and takes up again what a crash left unfinished."""

from __future__ import annotations

import logging
import threading

from dbos import DBOS, DBOSPortableJSONSerializer
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.courier import Courier
from api.queue import APPLICATION, EXECUTOR, PROTOCOL, QUEUE, WORKFLOW, JobQueue
from api.scoring import Scorer
from api.store.jobs import fail_job, jobs_under_way

log = logging.getLogger("prevention.worker")

# One document is read while another is scored.
_AT_A_TIME = 2
_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 30.0
# A document during which the process has died this often is not tried again: it may be what kills it.
_MAX_RECOVERIES = 20
_GAVE_UP = f"the service ended {_MAX_RECOVERIES} times while this document was read or scored; report it, and submit the document again to have it tried once more"  # fmt: skip
_LIVE = ("ENQUEUED", "PENDING", "DELAYED")


class Worker:
    """Carries out jobs until it is stopped. DBOS allows one per process."""

    def __init__(self, engine: Engine, queue: JobQueue, scorer: Scorer, courier: Courier) -> None:
        self._engine, self._queue, self._scorer, self._courier = engine, queue, scorer, courier
        self._ended = threading.Event()

    def start(self) -> None:
        """Take up the unfinished jobs of the process before this one, then those that come."""
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_engine": self._engine,
                "application_version": PROTOCOL,
                "executor_id": EXECUTOR,
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
        threading.Thread(target=self._keep_settling, name="settle", daemon=True).start()
        DBOS.register_queue(QUEUE, worker_concurrency=_AT_A_TIME, polling_interval_sec=_POLL_SECONDS)
        self._courier.start()

    def stop(self) -> None:
        """Stop taking jobs. What is under way goes on when a worker starts again."""
        self._ended.set()
        self._courier.stop()
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _keep_settling(self) -> None:
        while not self._ended.wait(_SETTLE_SECONDS):
            try:
                self._settle()
            except DBAPIError as error:
                log.warning("jobs could not be looked after: %s", type(error.orig).__name__)

    def _settle(self) -> None:
        """Bring jobs and queue together where a long failure, a crash or a restored copy has left them apart."""
        with Session(self._engine) as session:
            open_jobs = list(jobs_under_way(session))
        states = self._queue.states(open_jobs)
        for job_id in open_jobs:
            state = states.get(job_id)
            if state in _LIVE:
                continue
            if state is not None:
                self._queue.forget(job_id)
            with Session(self._engine) as session, session.begin():
                if state == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
                    fail_job(session, job_id, "gave_up", _GAVE_UP)
                else:
                    self._queue.put(session, job_id)
            log.warning("job %s: was unfinished and in state %s, settled", job_id, state)
