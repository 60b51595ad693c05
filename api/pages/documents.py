"""The page that lists documents and takes new ones in."""

from __future__ import annotations

from typing import Annotated, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Response
from sqlalchemy.orm import Session

from api.http.found import DocumentId, found_document
from api.http.service import Cursor, Service, ServiceGiven, SessionGiven
from api.pages.rendering import render
from api.pages.visitor import PageRoute, Visitor
from api.store.documents import NOT_ENOUGH_TEXT, DocumentFilter, DocumentStatus, list_documents
from api.store.keys import Caller
from api.store.overview import Overview, overviews
from api.store.tables import StoredDocument
from classifier.codebook import STRENGTHS

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ON_A_PAGE = 50
STATUSES: tuple[DocumentStatus, ...] = get_args(DocumentStatus)


@router.get("/documents")
def get_documents(
    service: ServiceGiven,
    session: SessionGiven,
    visitor: Visitor,
    cursor: Cursor = None,
    q: Annotated[str, Query(max_length=500)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    strength: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """List documents, newest first; an empty filter lets every document through."""
    known: DocumentStatus | None = next((one for one in STATUSES if one == status), None)
    levels = (*STRENGTHS, NOT_ENOUGH_TEXT)
    wanted = DocumentFilter(status=known, strength=strength if strength in levels else None, words=q.strip() or None)
    rows = list_documents(session, _ON_A_PAGE + 1, cursor, wanted, service.model.id)
    chosen = {"q": q, "status": known or "", "strength": wanted.strength or ""}
    after = {**chosen, "cursor": rows[_ON_A_PAGE - 1].id} if len(rows) > _ON_A_PAGE else None
    return render(
        "documents.html",
        signed_in=visitor,
        found=overviews(session, rows[:_ON_A_PAGE], service.model.id, visitor.caller.id),
        chosen=chosen,
        filtered=any(chosen.values()),
        first=cursor is None,
        older=f"/documents?{urlencode(after)}" if after is not None else None,
        statuses=STATUSES,
        levels=levels,
        max_mb=service.settings.max_upload_mb,
    )


@router.get("/documents/{document_id}/row")
def get_row(document_id: DocumentId, service: ServiceGiven, session: SessionGiven, visitor: Visitor) -> Response:
    """Return a document's row of the list, as it stands now."""
    found = _overview(session, service, found_document(session, document_id), visitor.caller)
    return render("document_row.html", signed_in=visitor, one=found)


def _overview(session: Session, service: Service, row: StoredDocument, caller: Caller) -> Overview:
    (found,) = overviews(session, [row], service.model.id, caller.id)
    return found
