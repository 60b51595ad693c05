"""Routes to what a language model says of documents beside the classifier: asked for, looked at, compared. It sets no label."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.annotation import AnnotationError, passage_labels
from api.http.body import body_of, parse_body, read_body
from api.http.found import DocumentId, found_document
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Annotator, Cursor, Limit, Service, ServiceGiven, SessionGiven, Viewer
from api.second_reader.agreement import agreements
from api.second_reader.budget import BudgetError, check_budget, month_of, renewal, spent
from api.second_reader.configuration import ReaderSettings
from api.second_reader.requests import decide, drafted, list_readings, list_requests, put, under_way
from api.second_reader.visibility import may_see
from api.store.annotations import Origin, append
from api.store.audit import record
from api.store.keys import Caller
from api.store.readings import find_reading
from api.store.tables import ReaderRequest, SecondReading, now

router = APIRouter(prefix="/v1", tags=["second-readings"])

SOURCE = "draft"
_MAX_MB = 1
_MOST_DRAFTS = 20
_LATEST_REQUESTS = 50
_Word = Annotated[str, StringConstraints(max_length=100)]
_PassageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class NewReading(BaseModel):
    """What is asked of the second reader."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["document", "drafts", "paragraph"] = Field(default="document", description="labels of the document, drafted labels of passages, or a drafted paragraph")  # fmt: skip
    passages: list[_PassageId] = Field(default=[], max_length=_MOST_DRAFTS, description="passages to draft labels for", examples=[[]])  # fmt: skip
    again: bool = Field(default=False, description="whether to ask anew where the very same text was read already")


class RequestAnswer(BaseModel):
    """A reading that is asked for."""

    id: str = Field(examples=["request_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    document_id: str
    kind: str
    reason: str = Field(description="demand, abstained, disagreement or share", examples=["demand"])
    status: Literal["queued", "running", "ended"]
    second_reading_id: str | None = Field(description="what came of it; one that was there already is named again")
    created: datetime
    finished: datetime | None


class SecondReadingAnswer(BaseModel):
    """What a language model said, or why it said nothing. A machine's word: neither a prediction nor an annotation."""

    id: str = Field(examples=["second_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    document_id: str
    kind: str
    outcome: str = Field(examples=["read"])
    sentence: str = Field(description="what happened, and the next step", examples=["read; all 12 quotes stand in the document"])  # fmt: skip
    provider: str
    model: str
    prompt_version: str
    prompt_hash: str
    codebook_version: str
    result: dict[str, Any] = Field(description="labels with rationales and verified quotes; drafts are marked `draft`")
    quotes_verified: int
    quotes_dropped: int = Field(description="quotes that do not stand in the passage they name: counted, not kept")
    prompt_tokens: int
    answer_tokens: int
    cost: float
    seconds: float
    created: datetime


class SecondReadings(BaseModel):
    """A document's second readings, newest first, and its newest requests."""

    second_readings: list[SecondReadingAnswer]
    requests: list[RequestAnswer]
    next_cursor: str | None = Field(description="give it as `cursor` to get the readings after these; null at the end")


class GivenDecision(BaseModel):
    """What a person makes of drafted labels: those that hold, by passage. Each becomes that person's annotation."""

    model_config = ConfigDict(extra="forbid")

    passages: dict[_PassageId, list[_Word]] = Field(min_length=1, max_length=_MOST_DRAFTS, description="labels by passage id, accepted or changed", examples=[{}])  # fmt: skip


class DecisionAnswer(BaseModel):
    """What became of drafts: a person's annotations, and which of them differ from the draft."""

    annotations: dict[str, str] = Field(description="ids of the annotations, by passage id")
    changed: list[str] = Field(description="passages whose labels differ from the draft")


class AgreementAnswer(BaseModel):
    """How a rater agrees with the second reader on one criterion."""

    rater: str
    kind: Literal["person", "classifier"]
    criterion: str
    documents: int
    agreed: int
    kappa: float | None = Field(description="weighted where the levels are ordered; null where it is not defined")


class Agreements(BaseModel):
    """How people and the classifier agree with the second reader."""

    agreement: list[AgreementAnswer]


class BudgetAnswer(BaseModel):
    """What the second reader has spent this month."""

    on: bool = Field(description="whether a second reader is set")
    month: str = Field(examples=["2026-12"])
    tokens: int
    most_tokens: int
    most_document_tokens: int
    renews: datetime


def request_answer(row: ReaderRequest) -> RequestAnswer:
    """Return a request as an answer."""
    return RequestAnswer(
        id=row.id, document_id=row.document_id, kind=row.kind, reason=row.reason, status=row.status,
        second_reading_id=row.second_reading_id, created=row.created, finished=row.finished,
    )  # fmt: skip


def reading_answer(row: SecondReading) -> SecondReadingAnswer:
    """Return a second reading as an answer."""
    return SecondReadingAnswer(
        id=row.id, document_id=row.document_id, kind=row.kind, outcome=row.outcome, sentence=row.sentence,
        provider=row.provider, model=row.model, prompt_version=row.prompt_version, prompt_hash=row.prompt_hash,
        codebook_version=row.codebook_version, result=json.loads(row.body), quotes_verified=row.quotes_verified,
        quotes_dropped=row.quotes_dropped, prompt_tokens=row.prompt_tokens, answer_tokens=row.answer_tokens,
        cost=row.cost, seconds=row.seconds, created=row.created,
    )  # fmt: skip


@router.post(
    "/documents/{document_id}/second-readings",
    status_code=202,
    responses={200: {"model": RequestAnswer, "description": "One is under way already"}, **described(400, 401, 403, 404, 409, 413, 422, 429, 503, 507)},
    openapi_extra=body_of(NewReading),
)  # fmt: skip
async def post_second_reading(
    document_id: DocumentId, request: Request, response: Response, service: ServiceGiven, caller: Annotator
) -> RequestAnswer:
    """Ask the second reader for a reading; it runs by itself, and no prediction waits for it."""
    body = await read_body(request, _MAX_MB)
    answer, made = await run_in_threadpool(_ask, service, caller, document_id, body, request.state.id)
    response.status_code = 202 if made else 200
    response.headers["Location"] = f"/v1/documents/{document_id}/second-readings"
    response.headers["Retry-After"] = "2"
    return answer


@router.get("/documents/{document_id}/second-readings", responses=described(401, 403, 404, 422, 503))
def get_second_readings(
    document_id: DocumentId, session: SessionGiven, caller: Viewer, limit: Limit = 50, cursor: Cursor = None
) -> SecondReadings:
    """List a document's second readings, newest first, and its newest requests."""
    found_document(session, document_id)
    _check_sight(session, caller, document_id)
    # In this order: the reading of a request that has ended is there, too.
    requests = [request_answer(row) for row in list_requests(session, document_id, _LATEST_REQUESTS)]
    rows = list_readings(session, document_id, limit + 1, cursor)
    return SecondReadings(
        second_readings=[reading_answer(row) for row in rows[:limit]],
        requests=requests,
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


@router.post(
    "/second-readings/{second_reading_id}/decisions",
    status_code=201,
    responses=described(400, 401, 403, 404, 413, 422, 503, 507),
    openapi_extra=body_of(GivenDecision),
)
async def post_decisions(
    second_reading_id: Annotated[str, Path(max_length=64, pattern=ID_PATTERN)],
    request: Request,
    service: ServiceGiven,
    caller: Annotator,
) -> DecisionAnswer:
    """Accept or change drafted labels: they become annotations of the one who decides. A draft that nobody decides on never does."""
    body = await read_body(request, _MAX_MB)
    return await run_in_threadpool(_decide, service, caller, second_reading_id, body, request.state.id)


@router.get("/second-readings/agreement", responses=described(401, 403, 422, 503))
def get_agreement(
    session: SessionGiven,
    service: ServiceGiven,
    _caller: Viewer,
    criterion: Annotated[
        str | None, Query(max_length=100, pattern=r"^[a-z0-9_]+$", description="only this one")
    ] = None,
) -> Agreements:
    """Tell how every person and the classifier agree with the second reader, criterion by criterion."""
    found = agreements(session, service.codebook, service.model.id)
    return Agreements(
        agreement=[AgreementAnswer(**asdict(one)) for one in found if criterion in (None, one.criterion)]
    )  # fmt: skip


@router.get("/second-readings/budget", responses=described(401, 403, 503))
def get_budget(session: SessionGiven, service: ServiceGiven, _caller: Viewer) -> BudgetAnswer:
    """Tell what the second reader has spent this month, and when its budget renews."""
    reader, moment = service.reader, now()
    month = month_of(moment)
    return BudgetAnswer(
        on=reader.on, month=month, tokens=spent(session, month), most_tokens=reader.month_tokens,
        most_document_tokens=reader.document_tokens, renews=renewal(moment),
    )  # fmt: skip


def _ask(
    service: Service, caller: Caller, document_id: str, body: bytes, request_id: str
) -> tuple[RequestAnswer, bool]:  # fmt: skip
    wanted = parse_body(body or b"{}", NewReading)
    with Session(service.engine) as session, session.begin():
        found_document(session, document_id)
        _check_sight(session, caller, document_id)
        _check_reader(session, service.reader, document_id)
        _check_wanted(session, document_id, wanted)
        there = under_way(session, document_id, wanted.kind) if wanted.kind != "drafts" else None
        if there is not None:
            return request_answer(there), False
        name = put(session, document_id, caller.id, kind=wanted.kind, passages=wanted.passages, again=wanted.again)
        assert name is not None
        asked = {"document_id": document_id, "kind": wanted.kind, "passages": wanted.passages}
        record(session, caller, "second_reading.requested", name, request_id=request_id, after=asked)
        return request_answer(session.get_one(ReaderRequest, name)), True


def _decide(service: Service, caller: Caller, reading_id: str, body: bytes, request_id: str) -> DecisionAnswer:
    given = parse_body(body, GivenDecision)
    with Session(service.engine) as session, session.begin():
        reading = session.get(SecondReading, reading_id)
        drafts = drafted(reading) if reading is not None else {}
        if reading is None or not drafts:
            raise Problem(404, "drafts_not_found", f"{reading_id}: no second reading of that id drafts labels; list them at /v1/documents/DOCUMENT/second-readings")  # fmt: skip
        _check_sight(session, caller, reading.document_id)
        strange = given.passages.keys() - drafts.keys()
        if strange:
            raise Problem(422, "invalid_request", f"{min(strange)}: {reading_id} drafts no labels for it; leave it out")
        origin = Origin(reading.document_id, caller.name, SOURCE, f"{reading_id}/{caller.id}", service.codebook.version)
        became, changed = {}, []
        for passage_id, names in given.passages.items():
            try:
                labels = passage_labels(service.codebook, passage_id, names)
            except AnnotationError as error:
                raise Problem(422, "invalid_annotation", str(error)) from error
            what, row = append(session, caller, origin, labels, None, request_id)
            if what == "conflict":
                raise Problem(422, "decided_already", f"{passage_id}: {caller.name} has decided otherwise on this draft before; send an annotation to change it")  # fmt: skip
            became[passage_id] = row.id
            if decide(session, reading, passage_id, row.id, caller.id, labels.labels):
                changed.append(passage_id)
        return DecisionAnswer(annotations=became, changed=changed)


def _check_sight(session: Session, caller: Caller, document_id: str) -> None:
    if not may_see(session, caller, document_id):
        raise Problem(403, "blind", f"{document_id}: {caller.name} labels it blind; finish that first, then ask again")


def _check_reader(session: Session, reader: ReaderSettings, document_id: str) -> None:
    if not reader.on:
        raise Problem(409, "reader_off", "no second reader is set; set PREVENTION_READER_URL and PREVENTION_READER_MODEL, and start the service anew")  # fmt: skip
    try:
        check_budget(session, reader, document_id, reader.answer_tokens)
    except BudgetError as error:
        seconds = max(1, int((renewal(now()) - now()).total_seconds()))
        raise Problem(429, "reader_budget_spent", str(error), {"Retry-After": str(seconds)}) from error


def _check_wanted(session: Session, document_id: str, wanted: NewReading) -> None:
    reading = find_reading(session, document_id)
    if reading is None:
        raise Problem(409, "not_read_yet", f"{document_id}: has no passages yet; wait for its job, then ask again")
    if (wanted.kind == "drafts") != bool(wanted.passages):
        raise Problem(422, "invalid_request", f"kind {wanted.kind!r} with {len(wanted.passages)} passages: `drafts` takes 1 to {_MOST_DRAFTS}, the other kinds none")  # fmt: skip
    strange = set(wanted.passages) - set(reading.ids)
    if strange:
        raise Problem(422, "invalid_request", f"{min(strange)} is no passage of {document_id}; its prediction names them")  # fmt: skip
