"""The route to a job, which may be waited for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlalchemy.orm import Session

from api.http.answers import JobAnswer, job_answer
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Service, ServiceGiven, Viewer
from api.http.waiting import wait_until
from api.store.jobs import UNDER_WAY
from api.store.tables import Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])


@router.get("/{job_id}", responses=described(401, 403, 404, 422, 503))
async def get_job(
    job_id: Annotated[str, Path(max_length=64, pattern=ID_PATTERN)],
    response: Response,
    service: ServiceGiven,
    _caller: Viewer,
    wait: Annotated[float, Query(ge=0, description="seconds to wait for its end, up to the service's own limit")] = 0,
) -> JobAnswer:
    """Return where a job stands: at once, or as soon as it has ended or `wait` seconds have passed."""
    seconds = min(wait, service.settings.max_wait_seconds)
    job = await wait_until(lambda: _look(service, job_id), lambda found: found.status not in UNDER_WAY, seconds)
    if job.status in UNDER_WAY:
        response.headers["Retry-After"] = "1"
    return job


def _look(service: Service, job_id: str) -> JobAnswer:
    with Session(service.engine) as session:
        job = session.get(Job, job_id)
        if job is None:
            raise Problem(404, "job_not_found", f"no job has the id {job_id}; an upload answers with its job's id")
        return job_answer(job)
