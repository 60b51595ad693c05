"""Routes under /v1/exports: everything, or what a filter lets through, as a file that is written while it is sent."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from api.exports.table import csv_lines, write_xlsx
from api.exports.web_annotation import MEDIA_TYPE, Texts, collection
from api.http.documents import MEDIA_TYPES
from api.http.problems import described
from api.http.service import Service, ServiceGiven, Viewer
from api.labelstudio.export import task_of
from api.store.keys import Caller
from api.store.leases import all_withheld
from api.store.readings import passages_of
from api.store.selection import Filter, Selected, selected
from api.store.tables import now

router = APIRouter(prefix="/v1/exports", tags=["exports"])

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_PIECE = 64 * 1024
Piece = TypeVar("Piece", str, bytes)


def _filter(
    kind: Annotated[str | None, Query(pattern=r"^[a-z_]{1,100}$", description="only of this kind")] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200, description="only of this year")] = None,
    authority: Annotated[str | None, Query(min_length=1, max_length=200, pattern=_PRINTABLE, description="only of this authority, exactly as it was given")] = None,
) -> Filter:  # fmt: skip
    return Filter(kind, year, authority)


Wanted = Annotated[Filter, Depends(_filter)]


def _described(media_type: str, what: str, kind: str = "string") -> dict[int | str, dict[str, Any]]:
    content = {media_type.partition(";")[0]: {"schema": {"type": kind}}}
    headers = {"Content-Disposition": {"description": "a file name with the date", "schema": {"type": "string"}}}
    return {200: {"content": content, "description": what, "headers": headers}, **described(401, 403, 422, 503)}


@router.get("/csv", responses=_described("text/csv", "One row per document"), response_class=StreamingResponse)
def export_csv(service: ServiceGiven, caller: Viewer, wanted: Wanted) -> StreamingResponse:
    """Write a table: the columns of `prevention score --format csv`, then what the service knows. No cell is a formula."""
    return _file(csv_lines(_pages(service, caller, wanted)), "text/csv; charset=utf-8", "predictions", "csv")


@router.get("/xlsx", responses=_described(_XLSX, "One row per document"), response_class=StreamingResponse)
def export_xlsx(service: ServiceGiven, caller: Viewer, wanted: Wanted) -> StreamingResponse:
    """Write the same table as a workbook."""
    return _file(_workbook(_pages(service, caller, wanted)), _XLSX, "predictions", "xlsx")


@router.get("/jsonl", responses=_described("application/jsonl", "One prediction per line"), response_class=StreamingResponse)  # fmt: skip
def export_jsonl(service: ServiceGiven, caller: Viewer, wanted: Wanted) -> StreamingResponse:
    """Write every prediction, one object per line, as `prevention score --format json` prints it."""
    lines = (one.prediction.body + "\n" for page in _pages(service, caller, wanted) for one in page if one.prediction)
    return _file(lines, "application/jsonl", "predictions", "jsonl")


@router.get("/label-studio", responses=_described("application/json", "Tasks to import", "array"), response_class=StreamingResponse)  # fmt: skip
def export_label_studio(service: ServiceGiven, caller: Viewer, wanted: Wanted) -> StreamingResponse:
    """Write scored documents as Label Studio's tasks, with their predictions; set the project up with its configuration first."""
    return _file(_tasks(service, caller, wanted), "application/json", "label-studio", "json")


@router.get("/web-annotation", responses=_described(MEDIA_TYPE, "An annotation collection", "object"), response_class=StreamingResponse)  # fmt: skip
def export_web_annotation(request: Request, service: ServiceGiven, caller: Viewer, wanted: Wanted) -> StreamingResponse:
    """Write all evidence as a W3C Web Annotation collection in JSON-LD."""
    base = str(request.base_url).rstrip("/")
    pieces = collection(_with_texts(service, _pages(service, caller, wanted)), base, MEDIA_TYPES)
    return _file(pieces, MEDIA_TYPE, "web-annotations", "jsonld")


def _pages(service: Service, caller: Caller, wanted: Filter) -> Iterator[list[Selected]]:
    """Yield what is exported, without the predictions that are kept from the caller until he has labelled their documents."""
    with Session(service.engine) as session:
        hidden = all_withheld(session, caller.id)
    for page in selected(service.engine, service.model.id, wanted):
        yield [Selected(one.document, None) if one.document.id in hidden else one for one in page]


def _file(pieces: Iterator[Piece], media_type: str, name: str, suffix: str) -> StreamingResponse:
    # The first piece is made before the answer begins, so that a database that is away is still a proper problem.
    first = next(pieces, None)
    made = itertools.chain([] if first is None else [first], pieces)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{now():%Y-%m-%d}.{suffix}"'}
    return StreamingResponse(made, media_type=media_type, headers=headers)


def _workbook(pages: Iterable[list[Selected]]) -> Iterator[bytes]:
    """Yield a workbook. Its parts are zipped at the end, so it is a temporary file first."""
    with tempfile.TemporaryFile() as file:
        write_xlsx(pages, file)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _tasks(service: Service, caller: Caller, wanted: Filter) -> Iterator[str]:
    begun = False
    for page in _pages(service, caller, wanted):
        for one in page:
            with Session(service.engine) as session:
                task = task_of(session, one, service.thresholds)
            if task is not None:
                yield ("," if begun else "[") + "\n" + json.dumps(task, ensure_ascii=False)
                begun = True
    yield "\n]\n" if begun else "[]\n"


def _with_texts(service: Service, pages: Iterable[list[Selected]]) -> Iterator[list[tuple[Selected, Texts]]]:
    for page in pages:
        for one in page:
            reading = one.prediction.reading_id if one.prediction is not None else None
            with Session(service.engine) as session:
                texts = {p.passage_id: p.text for p in passages_of(session, reading)} if reading is not None else {}
            yield [(one, texts)]
