"""The queue of jobs, kept by DBOS in the store's own database: a row and its job are committed together or not at all."""

from __future__ import annotations

from dbos import DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

APPLICATION = "prevention"
QUEUE = "documents"
WORKFLOW = "score_document"
# A job is its id and nothing else, so every release of this program can take up what another one queued.
PROTOCOL = "1"
# DBOS gives a worker back what it was at when it died by this name; so it must be the same after a restart.
EXECUTOR = "serve"


class JobQueue:
    """Where jobs are put. The worker makes the queue's tables when it starts."""

    def __init__(self, engine: Engine) -> None:
        # The default serializer is pickle; whoever can write to the database could run code here.
        self._client = DBOSClient(
            system_database_engine=engine,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
        )

    def put(self, session: Session, job_id: str) -> None:
        """Queue a job in the caller's transaction: it is there when, and only when, that commits."""
        self._client.enqueue_in_transaction(
            session,
            {"workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": job_id, "app_version": PROTOCOL},
            job_id,
        )

    def states(self, job_ids: list[str]) -> dict[str, str]:
        """Return what DBOS holds of these jobs, by id, in its own words (ENQUEUED, PENDING, ERROR and so on)."""
        if not job_ids:
            return {}
        found = self._client.list_workflows(workflow_ids=job_ids, load_input=False, load_output=False)
        return {workflow.workflow_id: workflow.status for workflow in found}

    def resume(self, job_id: str) -> None:
        """Queue a job again that DBOS has given up."""
        self._client.resume_workflow(job_id, queue_name=QUEUE)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
