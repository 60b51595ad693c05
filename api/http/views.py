"""Routes for looking at a document: its pages, its report, and the PDF with its evidence highlighted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Header, Query, Response
from fastapi import Path as PathParameter
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.http.found import DocumentId, found_document, found_file, found_prediction
from api.http.problems import Problem, described
from api.http.service import Service, ServiceGiven, Viewer
from api.scoring import error_code
from api.store.keys import Caller
from classifier.errors import DocumentError, MissingPageError
from classifier.prediction import Prediction
from classifier.report.annotated import annotated_pdf
from classifier.report.page import html_report

router = APIRouter(prefix="/v1/documents", tags=["documents"])

# How many documents are rendered at a time, whoever looks: each may take a processor and 2 GB.
_RENDERING = asyncio.Semaphore(2)
_REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
# It may be kept by the reader's browser, and is asked for again with its tag.
_PRIVATE = "private, no-cache"
_LAST_NUMBER = 2**31 - 1
Made = TypeVar("Made")


def _file_of(media_type: str, what: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}, "description": what}}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What of a document is needed to show it."""

    name: str
    digest: str
    format: str
    pages: int | None
    path: Path
    prediction: Prediction | None = None


@router.get(
    "/{document_id}/pages/{number}.png",
    responses={**_file_of("image/png", "The page"), 304: {"description": "The page that the tag names"}, **described(401, 403, 404, 422, 503, 507)},
    response_class=Response,
)  # fmt: skip
async def get_page(
    document_id: DocumentId,
    number: Annotated[int, PathParameter(ge=1, le=_LAST_NUMBER, description="from 1")],
    service: ServiceGiven,
    _caller: Viewer,
    width: Annotated[int, Query(ge=200, le=2000, description="in pixels")] = 1000,
    if_none_match: Annotated[str | None, Header(description="`ETag` of the image that is at hand")] = None,
) -> Response:
    """Return a page of a PDF as an image."""
    shown = await run_in_threadpool(_shown, service, document_id)
    if shown.format != "pdf":
        raise Problem(
            404, "no_pages", f"{shown.name}: is {shown.format}, which has no pages to show; read its passages"
        )
    if shown.pages is not None and number > shown.pages:
        raise Problem(
            404, "page_not_found", f"{shown.name}: has {shown.pages} pages, and no page {number}; ask for one it has"
        )
    # The same bytes and the same width are the same image.
    headers = {"ETag": f'"{shown.digest[:32]}-{number}-{width}"', "Cache-Control": _PRIVATE}
    if shown.pages is not None and headers["ETag"] in (if_none_match or ""):
        return Response(status_code=304, headers=headers)
    image = await _rendered(
        shown, lambda: service.page_images.page(shown.path, shown.digest, shown.name, number, width)
    )
    return Response(image, media_type="image/png", headers=headers)


@router.get(
    "/{document_id}/report.html",
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}, "description": "One file that stands alone"}, **described(401, 403, 404, 409, 422, 503, 507)},
    response_class=Response,
)  # fmt: skip
async def get_report(document_id: DocumentId, service: ServiceGiven, caller: Viewer) -> Response:
    """Return the report of a document: what the model says, and each quote on its page."""
    shown = await run_in_threadpool(_shown, service, document_id, caller)
    assert shown.prediction is not None
    prediction = shown.prediction
    page = await _rendered(shown, lambda: html_report(prediction, shown.path))
    headers = {"Content-Security-Policy": _REPORT_POLICY, "Content-Disposition": "inline"}
    return Response(page.encode("utf-8", "replace"), media_type="text/html; charset=utf-8", headers=headers)


@router.get(
    "/{document_id}/annotated.pdf",
    responses={
        **_file_of("application/pdf", "The PDF with highlights"),
        **described(401, 403, 404, 409, 422, 503, 507),
    },
    response_class=Response,
)
async def get_annotated(document_id: DocumentId, service: ServiceGiven, caller: Viewer) -> Response:
    """Return a PDF with its evidence highlighted, for any viewer."""
    shown = await run_in_threadpool(_shown, service, document_id, caller)
    if shown.format != "pdf":
        raise Problem(
            404, "not_a_pdf", f"{shown.name}: is {shown.format}, and only a PDF is highlighted; see its report"
        )
    assert shown.prediction is not None
    prediction = shown.prediction
    content = await _rendered(shown, lambda: annotated_pdf(prediction, shown.path))
    name = quote(f"{Path(shown.name).stem}.annotated.pdf", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{name}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _shown(service: Service, document_id: str, reader: Caller | None = None) -> _Shown:
    """Look a document up, with its prediction where it is for a reader of that; no session is held while it is rendered."""
    with Session(service.engine) as session:
        document = found_document(session, document_id)
        prediction = None
        if reader is not None:
            found = found_prediction(session, document, service.model.id, reader)
            prediction = Prediction.model_validate_json(found.body)
        path = found_file(service.files, document)
        return _Shown(document.name, document.digest, document.format, document.pages, path, prediction)


async def _rendered(shown: _Shown, make: Callable[[], Made]) -> Made:
    """Make something of a document when its turn has come; a fault of the document is a problem."""
    try:
        async with _RENDERING:
            return await run_in_threadpool(make)
    except MissingPageError as error:
        raise Problem(404, "page_not_found", f"{shown.name}: {error.reason}; {error.next_step}") from error
    except DocumentError as error:
        raise Problem(422, error_code(error), f"{shown.name}: {error.reason}; {error.next_step}") from error
