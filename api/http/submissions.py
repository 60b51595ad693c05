"""The route to a submission of several documents, which may be waited for."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from api.bundle import BundleReceipt, Entry
from api.http.answers import JobError, document_links
from api.http.problems import Problem, ProblemDetails, described
from api.http.service import ID_PATTERN, Service, ServiceGiven, Viewer
from api.http.waiting import wait_until
from api.store.jobs import UNDER_WAY
from api.store.submissions import Standing, find_submission

router = APIRouter(prefix="/v1/submissions", tags=["documents"])


class SubmittedDocument(BaseModel):
    """One document of a submission: kept, or refused with a problem."""

    name: str = Field(description="of the file, or the address", examples=["saltmarsh-strategy-2024.pdf"])
    document_id: str | None = Field(examples=["doc_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    job_id: str | None = Field(examples=["job_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    problem: ProblemDetails | None = Field(description="why it was refused; null where it was kept")
    links: dict[str, str] = Field(examples=[{"document": "/v1/documents/doc_000644f2c1a3b4c5d6e7f8a9b0c1d2"}])


class Submitted(BaseModel):
    """What became of a request that brought several documents; nothing in it changes when the same request comes again."""

    submission_id: str = Field(examples=["sub_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    documents: list[SubmittedDocument]
    links: dict[str, str] = Field(examples=[{"submission": "/v1/submissions/sub_000644f2c1a3b4c5d6e7f8a9b0c1d2"}])


class StandingDocument(SubmittedDocument):
    """One document of a submission, as it stands now."""

    status: str = Field(description="queued, running, succeeded, failed or refused", examples=["succeeded"])
    error: JobError | None = Field(description="why its job failed")


class SubmissionAnswer(BaseModel):
    """Where a submission stands."""

    submission_id: str = Field(examples=["sub_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    created: datetime
    counts: dict[str, int] = Field(description="documents by status", examples=[{"succeeded": 11, "refused": 1}])
    documents: list[StandingDocument]


def submitted(receipt: BundleReceipt) -> Submitted:
    """Return a bundle's receipt as an answer."""
    return Submitted(
        submission_id=receipt.submission_id,
        documents=[_document(entry) for entry in receipt.entries],
        links={"submission": f"/v1/submissions/{receipt.submission_id}"},
    )


@router.get("/{submission_id}", responses=described(401, 403, 404, 422, 503))
async def get_submission(
    submission_id: Annotated[str, Path(max_length=64, pattern=ID_PATTERN)],
    response: Response,
    service: ServiceGiven,
    _caller: Viewer,
    wait: Annotated[float, Query(ge=0, description="seconds to wait for the last job's end, up to the service's own limit")] = 0,
) -> SubmissionAnswer:  # fmt: skip
    """Return where a submission's documents stand: at once, or as soon as all have ended or `wait` seconds have passed."""
    found = await wait_until(lambda: _look(service, submission_id), _has_ended, min(wait, service.settings.max_wait_seconds))  # fmt: skip
    if not _has_ended(found):
        response.headers["Retry-After"] = "1"
    return found


def _has_ended(found: SubmissionAnswer) -> bool:
    return not any(document.status in UNDER_WAY for document in found.documents)


def _look(service: Service, submission_id: str) -> SubmissionAnswer:
    with Session(service.engine) as session:
        found = find_submission(session, submission_id)
        if found is None:
            raise Problem(
                404, "submission_not_found", f"no submission has the id {submission_id}; several documents sent at once get one"
            )  # fmt: skip
        submission, standings = found
        documents = [_standing(standing) for standing in standings]
        return SubmissionAnswer(
            submission_id=submission.id, created=submission.created, documents=documents,
            counts=dict(Counter(document.status for document in documents)),
        )  # fmt: skip


def _document(entry: Entry) -> SubmittedDocument:
    links = document_links(entry.document_id) if entry.document_id is not None else {}
    if entry.job_id is not None:
        links["job"] = f"/v1/jobs/{entry.job_id}"
    problem = ProblemDetails.model_validate_json(entry.problem) if entry.problem is not None else None
    return SubmittedDocument(
        name=entry.name, document_id=entry.document_id, job_id=entry.job_id, problem=problem, links=links
    )


def _standing(standing: Standing) -> StandingDocument:
    item, job = standing.item, standing.job
    error = JobError(code=job.error_code, detail=job.error or "") if job is not None and job.error_code else None
    # A document without a job was scored before it came.
    status = "refused" if item.problem is not None else job.status if job is not None else "succeeded"
    entry = _document(Entry(item.name, item.document_id, item.job_id, item.problem))
    return StandingDocument(**entry.model_dump(), status=status, error=error)
