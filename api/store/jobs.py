"""A job's way through its states: queued, running, and then succeeded or failed for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.store.results import Result, keep_result
from api.store.tables import Job, Stage, StoredDocument, now
from api.store.webhooks import Event, announce

UNDER_WAY = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker needs to know of a job."""

    job_id: str
    document_id: str
    digest: str
    name: str
    request_id: str | None = None


def start_job(session: Session, job_id: str, model_id: str) -> Task | None:
    """Mark a job as running and return its task; None where it is finished already.

    The model is the one that will score it now: it may have changed since the job was queued.
    """
    begun = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(UNDER_WAY))
        .values(status="running", stage="reading", done=0, total=0, model_id=model_id, started=now())
        .returning(Job.document_id, Job.request_id)
    ).one_or_none()
    if begun is None:
        return None
    document = session.get_one(StoredDocument, begun.document_id)
    return Task(job_id, document.id, document.digest, document.name, begun.request_id)


def note_progress(session: Session, job_id: str, stage: Stage, done: int, total: int) -> None:
    """Write down how far a running job has come."""
    session.execute(
        update(Job).where(Job.id == job_id, Job.status == "running").values(stage=stage, done=done, total=total)
    )


def finish_job(session: Session, task: Task, result: Result) -> None:
    """Keep the result and mark the job as succeeded."""
    keep_result(session, task.document_id, result)
    session.execute(update(StoredDocument).where(StoredDocument.id == task.document_id).values(pages=result.pages))
    # Progress is written now and then only, so the last of it may be missing.
    session.execute(update(Job).where(Job.id == task.job_id).values(done=Job.total))
    _end(session, task.job_id, "job.succeeded", status="succeeded", stage="done")


def fail_job(session: Session, job_id: str, code: str, sentence: str) -> None:
    """Mark a job as failed, with a code for programs and a sentence for people."""
    _end(session, job_id, "job.failed", status="failed", error_code=code, error=sentence)


def jobs_under_way(session: Session) -> Sequence[str]:
    """Return the ids of all jobs that are not finished, oldest first."""
    return session.scalars(select(Job.id).where(Job.status.in_(UNDER_WAY)).order_by(Job.id)).all()


def _end(session: Session, job_id: str, event: Event, **values: str) -> None:
    """End a job and tell the webhooks, once: one that has ended already stays as it is, and nobody is told again."""
    ended = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(UNDER_WAY))
        .values(finished=now(), **values)
        .returning(Job.document_id, Job.model_id)
    ).one_or_none()
    if ended is None:
        return
    document = f"/v1/documents/{ended.document_id}"
    links = {"job": f"/v1/jobs/{job_id}", "document": document, "prediction": f"{document}/prediction"}
    announce(
        session,
        event,
        {
            "job_id": job_id, "document_id": ended.document_id, "model": ended.model_id, "status": values["status"],
            "error_code": values.get("error_code"), "links": links,
        },
    )  # fmt: skip
