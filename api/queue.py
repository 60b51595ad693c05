"""The queue of jobs, kept by DBOS in the store's own database: a row and its job are committed together or not at all."""

from __future__ import annotations

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from sqlalchemy import Engine
from sqlalchemy.orm import Session

APPLICATION = "prevention"
QUEUE = "documents"
WORKFLOW = "score_document"
# A job is its id and nothing else, so every release of this program can take up what another one queued.
PROTOCOL = "1"
# A query takes only so many parameters.
_CHUNK = 500


class JobQueue:
    """Where jobs are put."""

    def __init__(self, engine: Engine) -> None:
        # The default serializer is pickle; whoever can write to the database could run code here.
        self._client = DBOSClient(
            system_database_engine=engine,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
            lazy=True,
        )

    def make_tables(self, url: str) -> None:
        """Make the queue's tables, or bring them up to date."""
        DBOS.migrate(url)

    def put(self, session: Session, job_id: str) -> None:
        """Queue a job in the caller's transaction: it is there when, and only when, that commits."""
        self._client.enqueue_in_transaction(
            session,
            {"workflow_name": WORKFLOW, "queue_name": QUEUE, "workflow_id": job_id, "app_version": PROTOCOL},
            job_id,
        )

    def states(self, job_ids: list[str]) -> dict[str, str]:
        """Return what DBOS holds of these jobs, by id, in its own words (ENQUEUED, PENDING, ERROR and so on)."""
        found: dict[str, str] = {}
        for chunk in (job_ids[at : at + _CHUNK] for at in range(0, len(job_ids), _CHUNK)):
            workflows = self._client.list_workflows(workflow_ids=chunk, load_input=False, load_output=False)
            found |= {workflow.workflow_id: workflow.status for workflow in workflows}
        return found

    def workers_at_work(self) -> set[str]:
        """Return the ids of the workers that have taken a job and not ended it, be they alive or dead."""
        workflows = self._client.list_workflows(status="PENDING", queue_name=QUEUE, load_input=False, load_output=False)
        return {workflow.executor_id for workflow in workflows if workflow.executor_id is not None}

    def forget(self, job_id: str) -> None:
        """Drop what DBOS holds of a job that has ended, so that it can be put again: a failed step would only fail again."""
        self._client.delete_workflow(job_id)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
