"""A document taken in: its row, its job and the answer to a repeated request, all in one transaction."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from api.queue import JobQueue
from api.quota import hold_to_quota, lock_quota
from api.store.audit import record
from api.store.documents import latest_job
from api.store.jobs import UNDER_WAY
from api.store.keys import Caller
from api.store.rows import insert_unless_there
from api.store.tables import IdempotentAnswer, Job, StoredDocument, StoredPrediction, new_id, now
from classifier.errors import PreventionError


class IdempotencyKeyError(PreventionError):
    """An Idempotency-Key came again with another request."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A document that lies in the files, and what its sender says of it."""

    digest: str
    name: str
    format: str
    size: int
    authority: str | None = None
    authority_code: str | None = None
    kind: str | None = None
    year: int | None = None
    year_end: int | None = None
    source_url: str | None = None

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of everything that was sent."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an upload. `scored` says that this model's prediction was there already."""

    document_id: str
    job_id: str | None
    scored: bool
    replayed: bool = False


def submit(
    engine: Engine,
    queue: JobQueue,
    upload: Upload,
    model_id: str,
    caller: Caller,
    idempotency_key: str | None = None,
    request_id: str | None = None,
) -> Receipt:
    """Take an upload in and return its receipt; once this returns, a crash no longer loses it.

    Bytes that are here already stay one document, with the details they first came with. It is queued unless this model has
    scored it or a job for it is under way; a document whose job failed is tried again.

    Raises `IdempotencyKeyError` where the key has come before with another upload, and `QuotaError` where a new document is
    larger than what the caller's quota leaves.
    """
    with Session(engine) as session, session.begin():
        if idempotency_key is not None:
            earlier = _claim(session, caller.id, idempotency_key, upload.fingerprint)
            if earlier is not None:
                return earlier
        receipt = _take_in(session, queue, upload, model_id, caller, request_id)
        if idempotency_key is not None:
            session.execute(
                update(IdempotentAnswer)
                .where(IdempotentAnswer.caller_id == caller.id, IdempotentAnswer.key == idempotency_key)
                .values(document_id=receipt.document_id, job_id=receipt.job_id, scored=receipt.scored)
            )
        return receipt


def _claim(session: Session, caller_id: str, key: str, fingerprint: str) -> Receipt | None:
    if insert_unless_there(
        session, IdempotentAnswer, caller_id=caller_id, key=key, fingerprint=fingerprint, scored=False, created=now()
    ):
        return None
    row = session.get_one(IdempotentAnswer, (caller_id, key))
    if row.fingerprint != fingerprint:
        raise IdempotencyKeyError(
            f"Idempotency-Key {key!r}: has come before with another document or other details; use a new key for a new request"
        )
    # The row was committed together with its answer, so the answer is there.
    assert row.document_id is not None
    return Receipt(row.document_id, row.job_id, row.scored, replayed=True)


def _take_in(
    session: Session, queue: JobQueue, upload: Upload, model_id: str, caller: Caller, request_id: str | None
) -> Receipt:  # fmt: skip
    _keep_document(session, upload, caller, request_id)
    # Locked until the commit, so that two uploads of the same bytes look for a job one after the other.
    document_id = session.scalars(
        select(StoredDocument.id).where(StoredDocument.digest == upload.digest).with_for_update()
    ).one()
    job = latest_job(session, document_id)
    scored = session.scalar(
        select(StoredPrediction.id).where(
            StoredPrediction.document_id == document_id, StoredPrediction.model_id == model_id
        )
    )
    if scored is not None:
        return Receipt(document_id, job.id if job is not None else None, scored=True)
    if job is not None and job.status in UNDER_WAY:
        return Receipt(document_id, job.id, scored=False)
    job_id = new_id("job")
    session.add(
        Job(
            id=job_id,
            document_id=document_id,
            model_id=model_id,
            status="queued",
            stage="waiting",
            created=now(),
            request_id=request_id,
        )
    )
    session.flush()
    queue.put(session, job_id)
    return Receipt(document_id, job_id, scored=False)


def _keep_document(session: Session, upload: Upload, caller: Caller, request_id: str | None) -> None:
    """Insert the document's row, unless its bytes are here, within the caller's quota."""
    lock_quota(session, caller)
    document_id = new_id("doc")
    values = {"id": document_id, "created": now(), "added_by": caller.id, **asdict(upload)}
    if not insert_unless_there(session, StoredDocument, **values):
        return
    hold_to_quota(session, caller, upload.name, upload.size)
    after = {"digest": upload.digest, "name": upload.name, "size": upload.size}
    record(session, caller, "document.submitted", document_id, after=after, request_id=request_id)
