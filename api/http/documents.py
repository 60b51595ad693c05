"""Routes under /v1/documents."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.http.answers import Accepted, DocumentAnswer, DocumentPage, accepted, document_answer
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Annotator, ServiceGiven, SessionGiven, Viewer
from api.http.upload import receive_upload, request_body
from api.store.documents import find_prediction, latest_job, list_documents
from api.store.tables import StoredDocument
from api.submission import IdempotencyKeyError, submit
from classifier.prediction import Prediction

router = APIRouter(prefix="/v1/documents", tags=["documents"])

_RETRY_AFTER = "1"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "markdown": "text/markdown",
    "text": "text/plain",
}
_LOCATION = {"Location": {"description": "of the job, or of the document that is scored already", "schema": {"type": "string"}}}  # fmt: skip
_POSTED: dict[int | str, dict[str, Any]] = {
    200: {"model": Accepted, "description": "The same bytes are here, scored by this model", "headers": _LOCATION},
    202: {"description": "Kept, and queued unless a job is under way", "headers": {**_LOCATION, "Retry-After": {"schema": {"type": "integer"}}}},
    **described(401, 403, 413, 415, 422, 503, 507),
}  # fmt: skip

DocumentId = Annotated[
    str, Path(max_length=64, pattern=ID_PATTERN, description="as the upload answered", examples=["doc_000644f2c1a3b4"])
]


@router.post("", status_code=202, responses=_POSTED, openapi_extra=request_body())
async def submit_document(
    request: Request,
    response: Response,
    service: ServiceGiven,
    caller: Annotator,
    idempotency_key: Annotated[
        str | None,
        Header(
            max_length=200, min_length=1, description="any string; the same request with it again gets the same answer"
        ),
    ] = None,
) -> Accepted:
    """Take a document in and queue it for scoring. Once this has answered, the document is not lost by a crash."""
    upload = await receive_upload(request, service.files, service.settings.max_upload_mb)
    try:
        receipt = await run_in_threadpool(
            submit,
            service.engine,
            service.queue,
            upload,
            service.model.id,
            caller.id,
            idempotency_key,
            request.state.id,
        )
    except IdempotencyKeyError as error:
        raise Problem(422, "idempotency_key_reused", str(error)) from error
    answer = accepted(receipt)
    response.headers["Location"] = answer.links["document" if receipt.scored else "job"]
    if receipt.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if receipt.scored:
        response.status_code = 200
    else:
        response.headers["Retry-After"] = _RETRY_AFTER
    return answer


@router.get("", responses=described(401, 403, 422, 503))
def get_documents(
    session: SessionGiven,
    _caller: Viewer,
    limit: Annotated[int, Query(ge=1, le=200, description="how many at most")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=64, pattern=ID_PATTERN, description="`next_cursor` of the page before")
    ] = None,
) -> DocumentPage:
    """List documents, newest first."""
    rows = list_documents(session, limit + 1, cursor)
    return DocumentPage(
        documents=[document_answer(row) for row in rows[:limit]],
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


@router.get("/{document_id}", responses=described(401, 403, 404, 422, 503))
def get_document(document_id: DocumentId, session: SessionGiven, _caller: Viewer) -> DocumentAnswer:
    """Return a document's details."""
    return document_answer(_find(session, document_id))


@router.get(
    "/{document_id}/prediction",
    responses={200: {"model": Prediction}, **described(401, 403, 404, 422, 503)},
    response_class=Response,
)
def get_prediction(document_id: DocumentId, service: ServiceGiven, session: SessionGiven, _caller: Viewer) -> Response:
    """Return what the model in use says of a document: the object that `prevention score --format json` prints.

    Where that model has not scored it, the newest prediction by another is returned; `model` in it says which.
    """
    document = _find(session, document_id)
    found = find_prediction(session, document.id, service.model.id)
    if found is not None:
        return Response(found.body, media_type="application/json")
    job = latest_job(session, document.id)
    if job is not None and job.status == "failed":
        raise Problem(
            404, "prediction_failed", f"{document.id}: has no prediction, because its job failed: {job.error}"
        )
    where = f"wait for its job at /v1/jobs/{job.id}?wait=30" if job is not None else "submit it again"
    raise Problem(
        404, "prediction_pending", f"{document.id}: is not scored yet; {where}", {"Retry-After": _RETRY_AFTER}
    )


@router.get(
    "/{document_id}/file",
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The bytes as they were uploaded"}, **described(401, 403, 404, 422, 503)},
    response_class=FileResponse,
)  # fmt: skip
def get_file(document_id: DocumentId, service: ServiceGiven, session: SessionGiven, _caller: Viewer) -> FileResponse:
    """Return the uploaded file, always as an attachment: it is a stranger's, and no browser shall run what is in it."""
    document = _find(session, document_id)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(
        service.files.path(document.digest),
        media_type=MEDIA_TYPES[document.format],
        filename=document.name,
        headers=headers,
    )


def _find(session: Session, document_id: str) -> StoredDocument:
    document = session.get(StoredDocument, document_id)
    if document is None:
        raise Problem(404, "document_not_found", f"no document has the id {document_id}; list them at /v1/documents")
    return document
