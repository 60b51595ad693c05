"""A document and its prediction found for a route, or the problem that they are not there."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Annotated

from fastapi import Path
from sqlalchemy.orm import Session

from api.http.problems import Problem
from api.http.service import ID_PATTERN
from api.store.documents import find_prediction, latest_job
from api.store.files import Files
from api.store.keys import Caller
from api.store.leases import withheld
from api.store.tables import StoredDocument, StoredPrediction

RETRY_AFTER = "1"
DocumentId = Annotated[
    str, Path(max_length=64, pattern=ID_PATTERN, description="as the upload answered", examples=["doc_000644f2c1a3b4"])
]


def found_document(session: Session, document_id: str) -> StoredDocument:
    """Return the document of an id."""
    document = session.get(StoredDocument, document_id)
    if document is None:
        raise Problem(404, "document_not_found", f"no document has the id {document_id}; list them at /v1/documents")
    return document


def found_file(files: Files, document: StoredDocument) -> FilePath:
    """Return where a document's file lies in the store."""
    path = files.path(document.digest)
    if not path.is_file():
        raise Problem(404, "file_elsewhere", f"{document.id}: its file is not in the store, as it was left where it lay, or came with a release; submit the same file to have it here")  # fmt: skip
    return path


def found_prediction(session: Session, document: StoredDocument, model_id: str, caller: Caller) -> StoredPrediction:
    """Return the prediction by the model in use, or the newest by another; not to who is to label the document first."""
    if withheld(session, caller.id, document.id):
        raise review_blind(document.id)
    found = find_prediction(session, document.id, model_id)
    if found is None:
        raise missing_prediction(session, document)
    return found


def review_blind(document_id: str) -> Problem:
    """Return the problem that somebody is to label a document before seeing what the model says of it."""
    return Problem(409, "review_blind", f"{document_id}: was given to you to label before you see its prediction; send your annotation, or give the document back at /v1/review/leases")  # fmt: skip


def missing_prediction(session: Session, document: StoredDocument) -> Problem:
    """Return the problem that a document is not scored: yet, or because its job failed."""
    job = latest_job(session, document.id)
    if job is not None and job.status == "failed":
        return Problem(
            404, "prediction_failed", f"{document.id}: has no prediction, because its job failed: {job.error}"
        )
    where = f"wait for its job at /v1/jobs/{job.id}?wait=30" if job is not None else "submit it again"
    return Problem(
        404, "prediction_pending", f"{document.id}: is not scored yet; {where}", {"Retry-After": RETRY_AFTER}
    )
