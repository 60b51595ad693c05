"""Routes to a person's draft of an annotation, saved while he works on it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from pydantic.functional_validators import AfterValidator
from sqlalchemy.orm import Session

from api.http.body import SmallBody
from api.http.found import DocumentId, found_document
from api.http.identities import Given
from api.http.problems import Problem, described
from api.http.service import Annotator, ServiceGiven, SessionGiven
from api.store.drafts import drop_draft, find_draft, save_draft
from api.store.tables import ReviewDraft

router = APIRouter(prefix="/v1/review/drafts", tags=["review"], route_class=SmallBody)


def _clean(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds a character that no database keeps")
    return value


class DraftGiven(Given):
    """A draft, and the version that it was made from."""

    content: Annotated[str, AfterValidator(_clean)] = Field(max_length=50_000, description="what the page wants back; the service does not look into it", examples=["{}"])  # fmt: skip
    seen: int = Field(ge=0, le=2**31 - 2, description="the version that was seen last, 0 where there was none", examples=[0])  # fmt: skip


class DraftAnswer(BaseModel):
    """A draft as it is kept. It counts for nothing until it is sent as an annotation."""

    document_id: str
    version: int
    content: str
    saved: datetime


@router.get("/{document_id}", responses=described(401, 403, 404, 422, 503))
def get_draft(document_id: DocumentId, session: SessionGiven, caller: Annotator) -> DraftAnswer:
    """Return the caller's own draft."""
    found_document(session, document_id)
    found = find_draft(session, caller.id, document_id)
    if found is None:
        raise Problem(404, "draft_not_found", f"{document_id}: you have no draft; save one with PUT")
    return _answer(found)


@router.put("/{document_id}", responses=described(400, 401, 403, 404, 409, 413, 422, 503))
def put_draft(document_id: DocumentId, given: DraftGiven, service: ServiceGiven, caller: Annotator) -> DraftAnswer:
    """Save the caller's draft. Where it was saved elsewhere meanwhile nothing is written: fetch that version, and show both."""
    with Session(service.engine) as session, session.begin():
        found_document(session, document_id)
        saved = save_draft(session, caller.id, document_id, given.content, given.seen)
        if saved is None:
            there = find_draft(session, caller.id, document_id)
            version = 0 if there is None else there.version
            raise Problem(409, "draft_conflict", f"{document_id}: version {given.seen} was seen, and version {version} is there; fetch it, show both, and save over it")  # fmt: skip
        return _answer(saved)


@router.delete("/{document_id}", status_code=204, responses=described(401, 403, 422, 503))
def delete_draft(document_id: DocumentId, service: ServiceGiven, caller: Annotator) -> None:
    """Drop the caller's draft. An annotation of the whole document drops it, too."""
    with Session(service.engine) as session, session.begin():
        drop_draft(session, caller.id, document_id)


def _answer(draft: ReviewDraft) -> DraftAnswer:
    return DraftAnswer(document_id=draft.document_id, version=draft.version, content=draft.content, saved=draft.saved)
