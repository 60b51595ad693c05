"""Routes to what people say of documents. It is appended, and never changed."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.functional_validators import AfterValidator
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.annotation import AnnotationError, Labels, Shown, differs, document_labels, passage_labels
from api.http.body import body_of, parse_body, read_body
from api.http.found import DocumentId
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Annotator, Service, ServiceGiven, SessionGiven, Viewer
from api.store.annotations import Hidden, Origin, append, list_annotations
from api.store.keys import Caller
from api.store.leases import all_withheld, being_coded, finish_lease, withheld
from api.store.readings import has_passage, prediction_by, shown
from api.store.tables import Annotation, StoredDocument, new_id

router = APIRouter(prefix="/v1", tags=["annotations"])

SOURCE = "api"
_MAX_MB = 4


def _clean(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds a character that no database keeps")
    return value


_Word = Annotated[str, StringConstraints(max_length=100)]
_PassageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class GivenAnnotation(BaseModel):
    """What a person says of a document: a level by criterion, and labels by passage. Each becomes an annotation."""

    model_config = ConfigDict(extra="forbid")

    criteria: dict[_Word, _Word] = Field(default={}, max_length=100, examples=[{"strength": "strong"}])
    passages: dict[_PassageId, list[_Word]] = Field(default={}, max_length=5_000, description="labels by passage id; an empty list says that none holds", examples=[{}])  # fmt: skip
    note: Annotated[str, AfterValidator(_clean)] | None = Field(default=None, min_length=1, max_length=5_000)
    model: _Word | None = Field(default=None, description="the model whose prediction the person saw, if any", examples=[None])  # fmt: skip


class AnnotationAnswer(BaseModel):
    """What a person said of a document or of one of its passages."""

    id: str = Field(examples=["annotation_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    document_id: str
    passage_id: str | None = Field(description="null where the whole document is labelled")
    criteria: dict[str, str] | None = Field(description="levels by criterion, of a document", examples=[{"strength": "strong"}])  # fmt: skip
    labels: list[str] | None = Field(description="labels of a passage", examples=[None])
    note: str | None
    annotator: str = Field(description="as the source names who it was")
    source: str = Field(examples=["label-studio"])
    source_id: str = Field(description="the source's id of it, with its version", examples=["7@2026-11-30T10:00:00Z"])
    codebook_version: str
    model: str | None = Field(description="whose prediction was shown")
    changed: bool | None = Field(description="whether the labels differ from that prediction, by comparison")
    created: datetime


class Annotations(BaseModel):
    """What became of a request."""

    annotations: list[AnnotationAnswer]


class AnnotationPage(BaseModel):
    """Some of the annotations, newest first."""

    annotations: list[AnnotationAnswer]
    next_cursor: str | None = Field(description="give it as `cursor` to get the annotations after these; null at the end")  # fmt: skip


Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=64, pattern=ID_PATTERN, description="`next_cursor` of the page before")]


def annotation_answer(row: Annotation) -> AnnotationAnswer:
    """Return a stored annotation as an answer."""
    content = json.loads(row.labels)
    return AnnotationAnswer(
        id=row.id, document_id=row.document_id, passage_id=row.passage_id,
        criteria=content if row.passage_id is None else None,
        labels=content["labels"] if row.passage_id is not None else None,
        note=row.note, annotator=row.annotator, source=row.source, source_id=row.source_id,
        codebook_version=row.codebook_version, model=row.model_id, changed=row.changed, created=row.created,
    )  # fmt: skip


@router.get("/annotations", responses=described(401, 403, 422, 503))
def get_annotations(session: SessionGiven, caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> AnnotationPage:
    """List all annotations, newest first, but for those of others on documents that the caller, or somebody, is still to label unseen."""
    return _page(list_annotations(session, limit + 1, cursor, hidden=_hidden(session, caller)), limit)


@router.get("/documents/{document_id}/annotations", responses=described(401, 403, 404, 422, 503))
def get_document_annotations(
    document_id: DocumentId, session: SessionGiven, caller: Viewer, limit: Limit = 50, cursor: Cursor = None
) -> AnnotationPage:
    """List a document's annotations, newest first."""
    _find(session, document_id)
    return _page(list_annotations(session, limit + 1, cursor, document_id, _hidden(session, caller)), limit)


def _hidden(session: Session, caller: Caller) -> Hidden:
    """Return where others' annotations are kept from the caller; who adjudicates may see what two people say before both have."""
    unseen = all_withheld(session, caller.id)
    return Hidden(unseen if caller.may("adjudicator") else unseen | being_coded(session), caller.id)


def _page(rows: Any, limit: int) -> AnnotationPage:
    return AnnotationPage(
        annotations=[annotation_answer(row) for row in rows[:limit]],
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


@router.post(
    "/documents/{document_id}/annotations",
    status_code=201,
    responses={200: {"model": Annotations, "description": "The same request came before"}, **described(400, 401, 403, 404, 409, 413, 422, 503, 507)},
    openapi_extra=body_of(GivenAnnotation),
)  # fmt: skip
async def post_annotations(
    document_id: DocumentId,
    request: Request,
    response: Response,
    service: ServiceGiven,
    caller: Annotator,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=100, min_length=1, pattern=r"^[ -~]+$", description="the same request with it again adds nothing"),
    ] = None,
) -> Annotations:  # fmt: skip
    """Add labels for a document, for passages of it, or both: all of them, or none where one is not the codebook's."""
    body = await read_body(request, _MAX_MB)
    answer, added = await run_in_threadpool(_add, service, caller, document_id, body, idempotency_key, request.state.id)
    response.status_code = 201 if added else 200
    return answer


def _add(
    service: Service, caller: Caller, document_id: str, body: bytes, key: str | None, request_id: str
) -> tuple[Annotations, bool]:
    given = parse_body(body, GivenAnnotation)
    with Session(service.engine) as session, session.begin():
        _find(session, document_id)
        if given.model is not None and withheld(session, caller.id, document_id):
            raise Problem(409, "review_blind", f"{document_id}: was given to you to label before you see its prediction, so none can have been shown; leave `model` out")  # fmt: skip
        before = _shown(session, service, document_id, given.model)
        origin = Origin(
            document_id, caller.name, SOURCE, f"{caller.id}/{key if key is not None else new_id('request')}",
            service.codebook.version, given.model, given.note,
        )  # fmt: skip
        became = [
            append(session, caller, origin, labels, differs(labels, before), request_id)
            for labels in _labels(session, service, document_id, given)
        ]
        if any(what == "conflict" for what, _ in became):
            raise Problem(422, "idempotency_key_reused", f"Idempotency-Key {key!r}: has come before with other labels; use a new key for a new request")  # fmt: skip
        # A review ends with its annotation, in the same transaction.
        whole = next((row for what, row in became if what == "added" and row.passage_id is None), None)
        if whole is not None:
            finish_lease(session, caller.id, document_id, whole.id)
        answer = Annotations(annotations=[annotation_answer(row) for _, row in became])
    return answer, any(what == "added" for what, _ in became)


def _labels(session: Session, service: Service, document_id: str, given: GivenAnnotation) -> list[Labels]:
    """Return what is given as labels that hold; raise a `Problem` with 422 for the first that does not."""
    codebook = service.codebook
    try:
        # Where nothing at all is labelled, the rule for documents says so.
        found = [document_labels(codebook, given.criteria)] if given.criteria or not given.passages else []
        for passage_id, labels in given.passages.items():
            if not has_passage(session, document_id, passage_id):
                raise AnnotationError(f"{passage_id} is no passage of {document_id}; its prediction names them")
            found.append(passage_labels(codebook, passage_id, labels))
    except AnnotationError as error:
        raise Problem(422, "invalid_annotation", str(error)) from error
    return found


def _shown(session: Session, service: Service, document_id: str, model_id: str | None) -> Shown | None:
    if model_id is None:
        return None
    kept = prediction_by(session, document_id, model_id) if model_id in service.thresholds else None
    if kept is None:
        raise Problem(422, "model_unknown", f"{model_id!r} is not at hand, or has not scored {document_id}; see /v1/models, or leave `model` out")  # fmt: skip
    return shown(session, kept, service.thresholds[model_id])


def _find(session: Session, document_id: str) -> StoredDocument:
    document = session.get(StoredDocument, document_id)
    if document is None:
        raise Problem(404, "document_not_found", f"no document has the id {document_id}; list them at /v1/documents")
    return document
