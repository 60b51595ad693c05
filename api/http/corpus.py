"""Routes under /v1/corpus: score everything again, watch it, and see what has changed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.functional_validators import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.corpus.comparison import compare_runs
from api.corpus.planning import RunNotFoundError, RunStateError, change_run, plan_run
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Admin, Cursor, Limit, Service, ServiceGiven, SessionGiven, Viewer
from api.http.upload import printable
from api.store.corpus import list_runs, progress_of
from api.store.tables import CorpusRun, RunStatus
from classifier.errors import ConfigurationError

router = APIRouter(prefix="/v1/corpus/runs", tags=["corpus"])

_ID = "run_000644f2c1a3b4c5d6e7f8a9b0c1d2"
RunId = Annotated[str, Path(max_length=64, pattern=ID_PATTERN, description="as its beginning answered", examples=[_ID])]


class Choice(BaseModel):
    """Which documents are scored; what is left out lets every document through."""

    model_config = ConfigDict(extra="forbid")

    kind: str | None = Field(default=None, pattern=r"^[a-z_]{1,100}$", examples=["jhws"])
    year: int | None = Field(default=None, ge=1900, le=2200, examples=[2024])
    authority: Annotated[str, AfterValidator(printable)] | None = Field(default=None, min_length=1, max_length=200, examples=["Saltmarsh"])  # fmt: skip
    authority_code: str | None = Field(default=None, pattern=r"^[A-Z0-9]{2,10}$", examples=["E06000019"])
    state: Literal["unscored"] | None = Field(default=None, description="only what the model has not scored yet")


class NewRun(BaseModel):
    """What is to be scored again, and with which model."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(default=None, max_length=200, description="a model's id, as GET /v1/models lists it; by default the one in use")  # fmt: skip
    only: Choice = Choice()
    shard_size: int = Field(default=10, ge=1, le=1000, description="documents that are scored and kept together")


class RunAnswer(BaseModel):
    """A run, and how far it has come."""

    id: str = Field(examples=[_ID])
    model: str
    codebook_version: str
    only: dict[str, str] = Field(description="what its documents were chosen by")
    status: RunStatus
    documents: int
    scored: int
    failed: int
    waiting: int
    shards: int
    shards_done: int
    created: datetime
    finished: datetime | None
    links: dict[str, str]


class RunPage(BaseModel):
    """Some of the runs, newest first."""

    runs: list[RunAnswer]
    next_cursor: str | None = Field(description="give it as `cursor` to get those after these; null at the end")


class ComparisonAnswer(BaseModel):
    """What changed from one run to another."""

    before: dict[str, str]
    after: dict[str, str]
    documents: int = Field(description="how many are in both")
    only_before: int
    only_after: int
    transitions: dict[str, dict[str, int]] = Field(description="documents by old and then new strength")
    flipped: int
    for_review: int = Field(description="of these: moved by two steps or more, or without strength in one of the runs")
    same_strength_other_evidence: int
    confirmed: int = Field(description="documents with a strength that a person gave: that one stands")
    confirmed_agree_before: int
    confirmed_agree_after: int
    flips: list[dict[str, Any]] = Field(description="those for review first, with the evidence that changed; `limit` of them")  # fmt: skip


@router.post("", status_code=201, responses=described(401, 403, 404, 409, 422, 503))
def begin_run(
    given: NewRun, request: Request, response: Response, service: ServiceGiven, session: SessionGiven, caller: Admin
) -> RunAnswer:
    """Begin to score the corpus again. The service carries it out beside everything else, and goes on with it after a restart."""
    only = {key: str(value) for key, value in given.only.model_dump(exclude_none=True).items()}
    model = _model(service, given.model)
    same = {"model_id": model, "only": json.dumps(only)}
    under_way = session.scalars(select(CorpusRun.id).filter_by(**same).where(CorpusRun.status != "finished")).first()
    if under_way is not None:
        raise Problem(409, "run_under_way", f"{under_way}: does this already; see /v1/corpus/runs/{under_way}")
    try:
        run_id, _ = plan_run(
            service.engine, caller, None if model == service.model.id else model, only, given.shard_size, request.state.id
        )  # fmt: skip
    except ConfigurationError as error:
        raise Problem(422, "run_refused", str(error)) from error
    answer = _answer(session, session.get_one(CorpusRun, run_id))
    response.headers["Location"] = answer.links["run"]
    return answer


@router.get("", responses=described(401, 403, 422, 503))
def get_runs(session: SessionGiven, _caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> RunPage:
    """List runs, newest first."""
    rows = list_runs(session, limit + 1, cursor)
    return RunPage(
        runs=[_answer(session, row) for row in rows[:limit]],
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


@router.get("/{run_id}", responses=described(401, 403, 404, 422, 503))
def get_run(run_id: RunId, session: SessionGiven, _caller: Viewer) -> RunAnswer:
    """Return a run and how far it has come."""
    return _answer(session, _find(session, run_id))


@router.post("/{run_id}/pause", responses=described(401, 403, 404, 409, 422, 503))
def pause_run(
    run_id: RunId, request: Request, service: ServiceGiven, session: SessionGiven, caller: Admin
) -> RunAnswer:
    """Have a run stop after the shards under way."""
    return _changed(service, session, caller, run_id, "pause", request)


@router.post("/{run_id}/resume", responses=described(401, 403, 404, 409, 422, 503))
def resume_run(
    run_id: RunId, request: Request, service: ServiceGiven, session: SessionGiven, caller: Admin
) -> RunAnswer:
    """Have a paused run go on."""
    return _changed(service, session, caller, run_id, "resume", request)


@router.get("/{run_id}/comparison", responses=described(401, 403, 404, 422, 503))
def get_comparison(
    run_id: RunId,
    session: SessionGiven,
    _caller: Viewer,
    before: Annotated[
        str, Query(max_length=64, pattern=ID_PATTERN, description="the earlier run's id", examples=[_ID])
    ],
    limit: Limit = 50,
) -> ComparisonAnswer:
    """Say what changed from an earlier run to this one."""
    for name in (before, run_id):
        _find(session, name)
    found = compare_runs(session, before, run_id)
    told = found.as_dict()
    return ComparisonAnswer(
        **{
            **told,
            "flips": told["flips"][:limit],
            "flipped": len(found.flips),
            "for_review": sum(flip.review for flip in found.flips),
        }
    )


def _model(service: Service, named: str | None) -> str:
    """Return a model's id; only those that the service knows may be named, never a folder."""
    known = [model.id for model in service.models]
    if named is not None and named not in known:
        raise Problem(404, "model_not_found", f"no model has the id {named!r:.100}; list them at /v1/models")
    return named or service.model.id


def _changed(
    service: Service, session: Session, caller: Admin, run_id: str, change: Literal["pause", "resume"], request: Request
) -> RunAnswer:
    try:
        change_run(service.engine, caller, run_id, change, request.state.id)
    except RunNotFoundError:
        _find(session, run_id)
    except RunStateError as error:
        raise Problem(409, "run_finished", str(error)) from error
    return _answer(session, _find(session, run_id))


def _find(session: Session, run_id: str) -> CorpusRun:
    run = session.get(CorpusRun, run_id)
    if run is None:
        raise Problem(404, "run_not_found", f"no run has the id {run_id}; list them at /v1/corpus/runs")
    return run


def _answer(session: Session, run: CorpusRun) -> RunAnswer:
    progress = progress_of(session, run.id)
    here = f"/v1/corpus/runs/{run.id}"
    return RunAnswer(
        id=run.id, model=run.model_id, codebook_version=run.codebook_version, only=json.loads(run.only), status=run.status,
        documents=run.documents, scored=progress.scored, failed=progress.failed, waiting=progress.waiting,
        shards=progress.shards, shards_done=progress.shards_done, created=run.created, finished=run.finished,
        links={"run": here, "pause": f"{here}/pause", "resume": f"{here}/resume", "comparison": f"{here}/comparison"},
    )  # fmt: skip
