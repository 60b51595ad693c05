"""Routes to what somebody is about to say of a document, and to the text that is selected for it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.http.annotations import GivenAnnotation
from api.http.body import body_of, parse_body, read_body
from api.http.found import DocumentId, found_document
from api.http.marks import GivenBox
from api.http.problems import Problem, described
from api.http.service import Annotator, Service, ServiceGiven, SessionGiven
from api.quotes import QuoteError, find_quotes
from api.store.documents import find_prediction
from api.store.drafts import drop_draft, find_draft, keep_draft
from api.store.keys import Caller
from api.store.passages import Choice, ReadingPassages
from api.store.tables import Draft

router = APIRouter(prefix="/v1/documents", tags=["annotations"])

_MAX_MB = 4
_MOST_PASSAGES = 500
_LAST = 2**31 - 1


class GivenDraft(BaseModel):
    """A draft, and the version that its writer has seen."""

    model_config = ConfigDict(extra="forbid")

    seen_version: int = Field(ge=0, le=_LAST, description="the newest version that was seen; 0 where there was none")
    content: GivenAnnotation


class DraftAnswer(BaseModel):
    """What the caller is about to say of a document. Nobody else sees it."""

    id: str | None = Field(description="send it as Idempotency-Key with what becomes of the draft", examples=["draft_000644f2c1a3b4c5d6e7f8a9b0c1d2"])  # fmt: skip
    version: int = Field(description="0 where there is no draft")
    content: GivenAnnotation | None
    changed: datetime | None


class Selected(BaseModel):
    """What is selected on a page of a document."""

    model_config = ConfigDict(extra="forbid")

    page: int = Field(ge=1, le=_LAST)
    text: str = Field(min_length=1, max_length=20_000, examples=["help people stay independent"])
    boxes: list[GivenBox] = Field(default=[], max_length=500, description="where it stands: [x0, y0, x1, y1] in points from the top left of the page")  # fmt: skip


class QuoteAnswer(BaseModel):
    """A verbatim piece of a passage."""

    passage_id: str
    page: int
    start: int
    end: int
    quote: str
    boxes: list[list[float]]


class Quotes(BaseModel):
    """What was selected, one piece for each passage that it touches."""

    quotes: list[QuoteAnswer]


@router.get("/{document_id}/draft", responses=described(401, 403, 404, 422, 503))
def get_draft(document_id: DocumentId, session: SessionGiven, caller: Annotator) -> DraftAnswer:
    """Return the caller's draft; version 0 where there is none."""
    found_document(session, document_id)
    return _answer(find_draft(session, caller.id, document_id))


@router.put(
    "/{document_id}/draft", responses=described(400, 401, 403, 404, 409, 413, 422, 503, 507), openapi_extra=body_of(GivenDraft)
)  # fmt: skip
async def put_draft(document_id: DocumentId, request: Request, service: ServiceGiven, caller: Annotator) -> DraftAnswer:
    """Keep the caller's draft, unless another window has kept a version that this one has not seen."""
    given = parse_body(await read_body(request, _MAX_MB), GivenDraft)
    return await run_in_threadpool(_keep, service, caller, document_id, given)


@router.delete("/{document_id}/draft", status_code=204, responses=described(401, 403, 404, 422, 503))
def delete_draft(document_id: DocumentId, service: ServiceGiven, caller: Annotator) -> None:
    """Throw the caller's draft away."""
    with Session(service.engine) as session, session.begin():
        found_document(session, document_id)
        drop_draft(session, caller.id, document_id)


@router.post(
    "/{document_id}/quotes", responses=described(400, 401, 403, 404, 413, 422, 503), openapi_extra=body_of(Selected)
)
async def post_quotes(document_id: DocumentId, request: Request, service: ServiceGiven, _caller: Annotator) -> Quotes:
    """Find what is selected on a page in the text that was read from it; spaces, hyphens and ligatures may differ."""
    selected = parse_body(await read_body(request, _MAX_MB), Selected)
    return await run_in_threadpool(_find, service, document_id, selected)


def _keep(service: Service, caller: Caller, document_id: str, given: GivenDraft) -> DraftAnswer:
    content = given.content.model_dump_json()
    with Session(service.engine) as session, session.begin():
        found_document(session, document_id)
        kept = keep_draft(session, caller.id, document_id, given.seen_version, content)
        if kept is None:
            raise Problem(409, "draft_changed", f"{document_id}: the draft has been changed in another window since version {given.seen_version}; read it, and decide which of the two shall stay")  # fmt: skip
        return _answer(kept)


def _find(service: Service, document_id: str, selected: Selected) -> Quotes:
    with Session(service.engine) as session:
        document = found_document(session, document_id)
        reading = ReadingPassages(session, document.id, find_prediction(session, document.id, service.model.id))
        on_page = reading.after(-1, _MOST_PASSAGES, Choice(page=selected.page))
        try:
            found = find_quotes(selected.page, [one.passage for one in on_page], selected.text, selected.boxes)
        except QuoteError as error:
            raise Problem(422, "quote_not_found", str(error)) from error
        return Quotes(quotes=[QuoteAnswer.model_validate(one, from_attributes=True) for one in found])


def _answer(draft: Draft | None) -> DraftAnswer:
    if draft is None:
        return DraftAnswer(id=None, version=0, content=None, changed=None)
    content = GivenAnnotation.model_validate_json(draft.content)
    return DraftAnswer(id=draft.id, version=draft.version, content=content, changed=draft.changed)
