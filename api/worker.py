"""The worker: takes jobs off the queue in threads of this process, and takes up again what a crash left unfinished."""

from __future__ import annotations

import logging

from dbos import DBOS, DBOSPortableJSONSerializer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.queue import APPLICATION, EXECUTOR, PROTOCOL, QUEUE, WORKFLOW, JobQueue
from api.scoring import Scorer
from api.store.jobs import fail_job, jobs_under_way

log = logging.getLogger("prevention.worker")

# One document is read while another is scored.
_AT_A_TIME = 2
_POLL_SECONDS = 0.2
# A document during which the process has died this often is not tried again: it may be what kills it.
_MAX_RECOVERIES = 20


class Worker:
    """Carries out jobs until it is stopped. DBOS allows one per process."""

    def __init__(self, engine: Engine, queue: JobQueue, scorer: Scorer) -> None:
        self._engine, self._queue, self._scorer = engine, queue, scorer

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

        # The step is repeated while the database or the disk fails, for some ten minutes; then the job waits for the next start.
        @DBOS.step(name="score", retries_allowed=True, max_attempts=10, interval_seconds=1.0, backoff_rate=2.0)
        def score(job_id: str) -> None:
            self._scorer.run(job_id)

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=_MAX_RECOVERIES)
        def score_document(job_id: str) -> None:
            score(job_id)

        DBOS.launch()
        self._settle()
        DBOS.register_queue(QUEUE, worker_concurrency=_AT_A_TIME, polling_interval_sec=_POLL_SECONDS)

    def stop(self) -> None:
        """Stop taking jobs. What is under way goes on when a worker starts again."""
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _settle(self) -> None:
        """Bring jobs and queue together where a crash or a restored copy has left them apart."""
        with Session(self._engine) as session:
            open_jobs = list(jobs_under_way(session))
        states = self._queue.states(open_jobs)
        for job_id in open_jobs:
            state = states.get(job_id)
            if state == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
                with Session(self._engine) as session, session.begin():
                    fail_job(session, job_id, "gave_up", f"the service ended {_MAX_RECOVERIES} times while this document was read or scored; report it, and submit the document again to have it tried once more")  # fmt: skip
            elif state is None:
                with Session(self._engine) as session, session.begin():
                    self._queue.put(session, job_id)
            elif state in ("ERROR", "CANCELLED"):
                self._queue.resume(job_id)
            else:
                continue
            log.warning("job %s: was unfinished and in state %s, settled", job_id, state)
