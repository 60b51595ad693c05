"""Routes under /v1/documents."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic.functional_validators import AfterValidator
from starlette.concurrency import run_in_threadpool

from api.bundle import Bundle, BundleReceipt, earlier_receipt, submit_bundle
from api.http.addresses import addresses_schema, check_fetching, fetch_bundle, receive_addresses
from api.http.answers import (
    Accepted,
    DocumentDetail,
    DocumentPage,
    accepted,
    document_answer,
    document_detail,
)
from api.http.forms import form_schema, receive_form
from api.http.found import RETRY_AFTER, DocumentId, found_document, found_file, found_prediction
from api.http.problems import Problem, described
from api.http.search import Words
from api.http.service import ID_PATTERN, Annotator, Service, ServiceGiven, SessionGiven, Viewer
from api.http.submissions import Submitted, submitted
from api.http.upload import Keeper, printable
from api.quota import check_quota
from api.store.documents import DocumentFilter, DocumentStatus, find_prediction, latest_job, list_documents
from api.store.keys import Caller
from api.store.leases import all_withheld, withheld
from api.submission import IdempotencyKeyError, Receipt, Upload, submit
from classifier.prediction import Prediction

router = APIRouter(prefix="/v1/documents", tags=["documents"])

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

_BODY = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form_schema()}, "application/json": {"schema": addresses_schema()}}}}  # fmt: skip
_Strength = Literal["very_weak", "weak", "neither", "strong", "very_strong", "not_enough_text"]


@router.post("", status_code=202, responses=_POSTED, openapi_extra=_BODY)
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
) -> Accepted | Submitted:
    """Take documents in and queue them for scoring. Once this has answered, no document is lost by a crash.

    One file answers with its document and its job. Several files, a ZIP archive or a list of addresses make a submission,
    of which each document is on its own: one that is refused stops none of the others.
    """
    try:
        receipt = await _submitted(request, service, caller, idempotency_key)
    except IdempotencyKeyError as error:
        raise Problem(422, "idempotency_key_reused", str(error)) from error
    if receipt.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if isinstance(receipt, BundleReceipt):
        several = submitted(receipt)
        response.headers["Location"] = several.links["submission"]
        response.headers["Retry-After"] = RETRY_AFTER
        return several
    answer = accepted(receipt)
    response.headers["Location"] = answer.links["document" if receipt.scored else "job"]
    if receipt.scored:
        response.status_code = 200
    else:
        response.headers["Retry-After"] = RETRY_AFTER
    return answer


async def _submitted(request: Request, service: Service, caller: Caller, key: str | None) -> Receipt | BundleReceipt:
    check = partial(check_quota, service.engine, caller) if caller.quota_mb else None
    keeper = Keeper(service.files, service.settings.max_upload_mb, check)
    sent: Upload | Bundle
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        addresses = await receive_addresses(request)
        check_fetching(service)
        if key is not None:
            earlier = await run_in_threadpool(earlier_receipt, service.engine, caller, key, addresses.fingerprint)
            if earlier is not None:
                return earlier
        sent = await fetch_bundle(addresses, service, keeper)
    else:
        sent = await receive_form(request, keeper)
    if isinstance(sent, Bundle):
        return await run_in_threadpool(
            submit_bundle, service.engine, service.queue, sent, service.model.id, caller, key, request.state.id
        )
    return await run_in_threadpool(
        submit, service.engine, service.queue, sent, service.model.id, caller, key, request.state.id
    )


@router.get("", responses=described(401, 403, 422, 503))
def get_documents(
    service: ServiceGiven,
    session: SessionGiven,
    caller: Viewer,
    limit: Annotated[int, Query(ge=1, le=200, description="how many at most")] = 50,
    cursor: Annotated[
        str | None, Query(max_length=64, pattern=ID_PATTERN, description="`next_cursor` of the page before")
    ] = None,
    authority: Annotated[str | None, AfterValidator(printable), Query(max_length=200, description="of this authority")] = None,
    authority_code: Annotated[str | None, Query(pattern="^[A-Z0-9]{2,10}$", description="of the authority with this code")] = None,
    kind: Annotated[str | None, Query(pattern="^[a-z_]{1,100}$", description="of this kind")] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200, description="that begin with this year")] = None,
    strength: Annotated[_Strength | None, Query(description="to which the model in use, or else the newest other, gives this label")] = None,
    status: Annotated[DocumentStatus | None, Query(description="whose newest job is under way, succeeded or failed")] = None,
    q: Words | None = None,
) -> DocumentPage:  # fmt: skip
    """List documents, newest first: all of them, or those that fit every filter."""
    # To find a document by its strength would tell it.
    hidden = all_withheld(session, caller.id) if strength is not None else frozenset()
    wanted = DocumentFilter(authority, authority_code, kind, year, strength, status, q, hidden)
    rows = list_documents(session, limit + 1, cursor, wanted, service.model.id)
    return DocumentPage(
        documents=[document_answer(row) for row in rows[:limit]],
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


@router.get("/{document_id}", responses=described(401, 403, 404, 422, 503))
def get_document(
    document_id: DocumentId, service: ServiceGiven, session: SessionGiven, caller: Viewer
) -> DocumentDetail:
    """Return a document's details, its newest job, and in short what is said of it, unless the caller is to label it first."""
    document = found_document(session, document_id)
    hidden = withheld(session, caller.id, document.id)
    found = None if hidden else find_prediction(session, document.id, service.model.id)
    return document_detail(document, latest_job(session, document.id), found)


@router.get(
    "/{document_id}/prediction",
    responses={200: {"model": Prediction}, **described(401, 403, 404, 409, 422, 503)},
    response_class=Response,
)
def get_prediction(document_id: DocumentId, service: ServiceGiven, session: SessionGiven, caller: Viewer) -> Response:
    """Return what the model in use says of a document: the object that `prevention score --format json` prints.

    Where that model has not scored it, the newest prediction by another is returned; `model` in it says which. It is withheld from
    who was given the document to label before seeing it.
    """
    found = found_prediction(session, found_document(session, document_id), service.model.id, caller)
    return Response(found.body, media_type="application/json")


@router.get(
    "/{document_id}/file",
    responses={200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}, "description": "The bytes as they were uploaded"}, **described(401, 403, 404, 422, 503)},
    response_class=FileResponse,
)  # fmt: skip
def get_file(document_id: DocumentId, service: ServiceGiven, session: SessionGiven, _caller: Viewer) -> FileResponse:
    """Return the uploaded file, always as an attachment: it is a stranger's, and no browser shall run what is in it."""
    document = found_document(session, document_id)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(
        found_file(service.files, document),
        media_type=MEDIA_TYPES[document.format],
        filename=document.name,
        headers=headers,
    )
