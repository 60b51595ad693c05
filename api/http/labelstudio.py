"""Routes for Label Studio: its configuration, imports, and the protocol by which it asks a model (an "ML backend")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.http.body import body_like, parse_json, read_body
from api.http.labelling import MAX_CHARACTERS, MAX_PASSAGES, scored
from api.http.problems import Problem, described
from api.http.service import Annotator, Service, ServiceGiven, Viewer
from api.labelstudio.configuration import configuration
from api.labelstudio.export import prediction_of
from api.labelstudio.imports import Importer, Outcome
from api.labelstudio.tasks import TaskText, region
from api.store.documents import find_prediction
from api.store.keys import Caller
from api.store.leases import withheld
from api.store.readings import find_reading
from classifier.batch import AskedPassage

router = APIRouter(tags=["label-studio"])

_PREDICT_MB = 64
_EVENTS = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED")
_PARAGRAPH = re.compile(r"\S(?:.|\n(?!\s*\n))*")
_TASKS = {"type": "array", "items": {"type": "object"}, "example": [{"id": 1, "data": {}, "annotations": []}]}


class FaultAnswer(BaseModel):
    """What could not be taken in."""

    task: str = Field(description="its id, or its number from 1", examples=["1"])
    annotation: str | None
    region: str | None
    detail: str = Field(description="the value, the rule it broke and the next step")


class ImportAnswer(BaseModel):
    """What became of an import. What is neither added, nor there already, nor skipped, is among the faults."""

    tasks: int = Field(description="in the import")
    annotations: int = Field(description="in the import; each may label a document and many passages")
    added: int = Field(description="annotations of a document or a passage that were appended")
    there: int = Field(description="those that an import before this one has brought")
    skipped: int = Field(description="annotations that were cancelled, or hold no label")
    faults: list[FaultAnswer]


class Backend(BaseModel):
    """That this is a model, as Label Studio asks."""

    status: str = Field(examples=["UP"])
    model_class: str


class Setup(BaseModel):
    """The version that predictions will carry."""

    model_version: str


class Predictions(BaseModel):
    """One prediction for each task, in the order in which they came."""

    results: list[dict[str, Any]] = Field(
        examples=[[{"model_version": "minilm-8fb69b21e5", "score": 0.6, "result": []}]]
    )


class Event(BaseModel):
    """What became of an event."""

    status: str = Field(examples=["ok"])
    result: ImportAnswer | None = None


@router.get(
    "/v1/label-studio/config",
    responses={200: {"content": {"application/xml": {"schema": {"type": "string"}}}, "description": "The configuration"}, **described(401, 403, 503)},
    response_class=Response,
)  # fmt: skip
def get_configuration(service: ServiceGiven, _caller: Viewer) -> Response:
    """Return the labelling configuration for a Label Studio project, made from the codebook of the model in use."""
    return Response(configuration(service.codebook), media_type="application/xml")


@router.post("/v1/label-studio/annotations", responses=described(400, 401, 403, 413, 422, 503, 507), openapi_extra=body_like(_TASKS))  # fmt: skip
async def import_annotations(request: Request, service: ServiceGiven, caller: Annotator) -> ImportAnswer:
    """Take in a project that Label Studio has exported as JSON. What cannot be taken in is named, and keeps nothing else out."""
    body = await read_body(request, service.settings.max_import_mb)
    return await run_in_threadpool(_import, service, caller, body, request.state.id)


def _import(service: Service, caller: Caller, body: bytes, request_id: str) -> ImportAnswer:
    tasks = parse_json(body)
    if not isinstance(tasks, list):
        raise Problem(422, "not_an_export", "the body is no list of tasks; export the project as JSON")
    return _take(service, caller, tasks, request_id)


def _take(service: Service, caller: Caller, tasks: list[object], request_id: str) -> ImportAnswer:
    importer = Importer(service.engine, caller, service.codebook, service.thresholds, request_id)
    for number, task in enumerate(tasks):
        importer.take(number, task)
    return _answer(importer.outcome)


def _answer(outcome: Outcome) -> ImportAnswer:
    faults = [
        FaultAnswer(task=f.task, annotation=f.annotation, region=f.region, detail=f.detail) for f in outcome.faults
    ]
    return ImportAnswer(
        tasks=outcome.tasks, annotations=outcome.annotations, added=outcome.added, there=outcome.there,
        skipped=outcome.skipped, faults=faults,
    )  # fmt: skip


@router.get("/label-studio/health")
async def backend_health() -> Backend:
    """Tell Label Studio that there is a model here."""
    return Backend(status="UP", model_class="prevention-classifier")


@router.post("/label-studio/setup", responses=described(401, 403, 503))
async def backend_setup(service: ServiceGiven, _caller: Viewer) -> Setup:
    """Tell Label Studio which model answers. What it sends, its access token among it, is left unread."""
    return Setup(model_version=service.model.id)


@router.post(
    "/label-studio/predict",
    responses=described(400, 401, 403, 409, 413, 422, 503),
    openapi_extra=body_like({"type": "object", "properties": {"tasks": _TASKS}, "required": ["tasks"]}),
)
async def backend_predict(request: Request, service: ServiceGiven, caller: Viewer) -> Predictions:
    """Predict tasks: those that this service has exported from the store, and any other text paragraph by paragraph."""
    body = await read_body(request, _PREDICT_MB)
    return await run_in_threadpool(_predict, service, caller, body)


def _predict(service: Service, caller: Caller, body: bytes) -> Predictions:
    given = parse_json(body)
    tasks = given.get("tasks") if isinstance(given, dict) else None
    if not isinstance(tasks, list):
        raise Problem(422, "no_tasks", "the body has no list `tasks`; send what Label Studio sends to an ML backend")
    results = [_known(service, caller, _data(task)) for task in tasks]
    unknown = [place for place, result in enumerate(results) if result is None]
    texts = [_paragraphs(_data(tasks[place]).get("text")) for place in unknown]
    predicted = _predict_texts(service, texts)
    for place, result in zip(unknown, predicted, strict=True):
        results[place] = result
    return Predictions(results=[result for result in results if result is not None])


def _data(task: object) -> Mapping[str, Any]:
    data = task.get("data") if isinstance(task, dict) else None
    return data if isinstance(data, dict) else {}


def _known(service: Service, caller: Caller, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the kept prediction of a task's document; None where there is none."""
    document_id = data.get("document_id")
    if not isinstance(document_id, str) or not document_id.isprintable():
        return None
    with Session(service.engine) as session:
        if withheld(session, caller.id, document_id):
            raise Problem(409, "review_blind", f"{document_id}: was given to you to label before you see its prediction; send your annotation first")  # fmt: skip
        kept = find_prediction(session, document_id, service.model.id)
        reading = find_reading(session, document_id, kept.reading_id) if kept is not None else None
        if kept is None or reading is None or reading.id != kept.reading_id:
            return None
        return prediction_of(session, kept, reading, service.thresholds)


def _paragraphs(text: object) -> TaskText:
    given = text if isinstance(text, str) else ""
    spans = [match.span() for match in _PARAGRAPH.finditer(given)]
    names = [f"paragraph-{number}" for number in range(1, len(spans) + 1)]
    return TaskText(given, names, [start for start, _ in spans], [end for _, end in spans])


def _predict_texts(service: Service, texts: list[TaskText]) -> Iterator[dict[str, Any]]:
    asked = [AskedPassage(id=name, text=text.text[start:end]) for text in texts for name, start, end in zip(text.passage_ids, text.starts, text.ends, strict=True)]  # fmt: skip
    if len(asked) > MAX_PASSAGES or any(len(passage.text) > MAX_CHARACTERS for passage in asked):
        raise Problem(422, "too_much_text", f"{len(asked)} paragraphs of tasks that this service has not exported: at most {MAX_PASSAGES} of {MAX_CHARACTERS} characters at a time; send fewer tasks")  # fmt: skip
    rows = iter(scored(service, asked) if asked else [])
    for text in texts:
        found = [(place, next(rows)) for place in range(len(text.passage_ids))]
        regions = [
            region(text, place, row["labels"], max(row["probabilities"][label] for label in row["labels"]))
            for place, row in found
            if row["labels"]
        ]
        yield {"model_version": service.model.id, "score": max((r["score"] for r in regions), default=0.0), "result": regions}  # fmt: skip


@router.post(
    "/label-studio/webhook",
    status_code=201,
    responses={200: {"model": Event, "description": "An event that says nothing of labels"}, **described(400, 401, 403, 413, 422, 503, 507)},
    openapi_extra=body_like({"type": "object", "properties": {"action": {"type": "string", "example": "ANNOTATION_CREATED"}, "task": {"type": "object"}, "annotation": {"type": "object"}}, "required": ["action"]}),
)  # fmt: skip
async def backend_webhook(request: Request, response: Response, service: ServiceGiven, caller: Annotator) -> Event:
    """Take in an annotation when it is made or changed. A deleted one stays: what people said is appended, never changed."""
    body = await read_body(request, service.settings.max_import_mb)
    event = await run_in_threadpool(_event, service, caller, body, request.state.id)
    response.status_code = 201 if event.result is not None else 200
    return event


def _event(service: Service, caller: Caller, body: bytes, request_id: str) -> Event:
    given = parse_json(body)
    if not isinstance(given, dict):
        raise Problem(422, "not_an_event", "the body is no event; send what Label Studio sends to a webhook")
    task = given.get("task")
    if given.get("action") not in _EVENTS:
        return Event(status="Unknown event")
    whole = {**task, "annotations": [given.get("annotation")]} if isinstance(task, dict) else task
    return Event(status="ok", result=_take(service, caller, [whole], request_id))
