"""Submissions of several documents, as they are looked up."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.tables import Job, Submission, SubmissionItem


@dataclass(frozen=True, slots=True)
class Standing:
    """An item of a submission and the job it got, as that stands now."""

    item: SubmissionItem
    job: Job | None


def find_submission(session: Session, submission_id: str) -> tuple[Submission, list[Standing]] | None:
    """Return a submission with its items in order; None where there is none of that id."""
    submission = session.get(Submission, submission_id)
    if submission is None:
        return None
    rows = session.execute(
        select(SubmissionItem, Job)
        .outerjoin(Job, Job.id == SubmissionItem.job_id)
        .where(SubmissionItem.submission_id == submission_id)
        .order_by(SubmissionItem.number)
    )
    return submission, [Standing(item, job) for item, job in rows]
