"""Routes to the models at hand: what each was compared on, which is in use, and how another is put in its place."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from api.http.answers import ModelAnswer
from api.http.body import SmallBody
from api.http.problems import Problem, described
from api.http.service import Admin, Service, ServiceGiven, Viewer
from api.store.audit import record
from api.store.keys import Caller
from classifier.artefact import MANIFEST
from classifier.errors import ModelError
from classifier.gate import GateReport, load_report
from classifier.registry import Change, history, promote, rollback

router = APIRouter(prefix="/v1", tags=["models"], route_class=SmallBody)

_CARD, _METRICS = "README.md", "metrics.json"
ModelId = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$", description="as /v1/models names it", examples=["minilm-6eb073562d"])]  # fmt: skip
_Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]*$")]


class ModelChange(BaseModel):
    """A change of the model in use."""

    at: datetime
    model: str
    before: str | None = Field(description="the model that was in use until then")
    by: str
    why: str


class ModelList(BaseModel):
    """The models at hand, and every change of the one in use, newest first."""

    models: list[ModelAnswer]
    changes: list[ModelChange]


class ModelDetail(ModelAnswer):
    """A model: how it did beside the one that was in use when it was compared, its figures and its card."""

    gate: GateReport | None = Field(description="null where it was never compared")
    metrics: dict[str, Any] = Field(description="what was measured when it was made")
    card: str = Field(description="the model card, in Markdown")


class Promotion(BaseModel):
    """Why a model is put into use, and whether it is so even where the gate has not let it through."""

    model_config = ConfigDict(extra="forbid")

    why: _Reason = "promoted"
    anyway: bool = False


class Rollback(BaseModel):
    """Why the model in use is taken back."""

    model_config = ConfigDict(extra="forbid")

    why: _Reason = "rolled back"


@router.get("/models", responses=described(401, 403, 503))
def get_models(service: ServiceGiven, _caller: Viewer) -> ModelList:
    """List the models at hand, the one in use first, and how that has changed."""
    return ModelList(
        models=[ModelAnswer(id=m.id, codebook_version=m.codebook_version, in_use=m.in_use) for m in service.models],
        changes=[_answer(change) for change in reversed(history(_directory(service)))],
    )


@router.get("/models/{model_id}", responses=described(401, 403, 404, 422, 503))
def get_model(model_id: ModelId, service: ServiceGiven, _caller: Viewer) -> ModelDetail:
    """Return a model's comparison with the one that was in use, with the confusion of strength before and after, and its card."""
    folder = _found(service, model_id)
    card = next(card for card in service.models if card.id == model_id)
    return ModelDetail(
        id=card.id, codebook_version=card.codebook_version, in_use=card.in_use, gate=load_report(folder),
        metrics=json.loads((folder / _METRICS).read_bytes()) if (folder / _METRICS).is_file() else {},
        card=(folder / _CARD).read_text(encoding="utf-8") if (folder / _CARD).is_file() else "",
    )  # fmt: skip


@router.post("/models/{model_id}:promote", responses=described(400, 401, 403, 404, 409, 413, 422, 503))
def post_promotion(
    request: Request, model_id: ModelId, given: Promotion, service: ServiceGiven, caller: Admin
) -> ModelChange:
    """Put a model into use that the gate has let through. Requests and jobs under way end with the model they began with."""
    _found(service, model_id)

    def change() -> Change:
        return promote(model_id, by=caller.name, why=given.why, anyway=given.anyway, directory=_directory(service))

    return _change(service, caller, "model.promoted", request.state.id, change)


@router.post("/models:rollback", responses=described(400, 401, 403, 409, 413, 422, 503))
def post_rollback(request: Request, given: Rollback, service: ServiceGiven, caller: Admin) -> ModelChange:
    """Put the model back into use that was there before."""

    def change() -> Change:
        return rollback(by=caller.name, why=given.why, directory=_directory(service))

    return _change(service, caller, "model.rolled_back", request.state.id, change)


def _change(service: Service, caller: Caller, action: str, request_id: str, change: Any) -> ModelChange:
    if service.switch.fixed:
        raise Problem(409, "model_fixed", "PREVENTION_MODEL names the model of this service; start it without, to change models while it runs")  # fmt: skip
    try:
        made: Change = change()
    except ModelError as error:
        raise Problem(409, "model_refused", str(error)) from error
    with Session(service.engine) as session, session.begin():
        after = {"model": made.model, "why": made.why}
        record(session, caller, action, made.model, before={"model": made.before}, after=after, request_id=request_id)
    # Answered when it is in use here; other processes take it up by themselves within a second or two.
    service.switch.look()
    return _answer(made)


def _directory(service: Service) -> FilePath:
    return service.in_use.folder.parent


def _found(service: Service, model_id: str) -> FilePath:
    folder = _directory(service) / model_id
    if not (folder / MANIFEST).is_file() or all(card.id != model_id for card in service.models):
        raise Problem(404, "model_not_found", f"no model has the id {model_id}; list them at /v1/models")
    return folder


def _answer(change: Change) -> ModelChange:
    return ModelChange(at=change.at, model=change.model, before=change.before, by=change.by, why=change.why)
