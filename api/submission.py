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
            earlier = claim(session, caller.id, idempotency_key, upload.fingerprint)
            if earlier is not None:
                # The row was committed together with its answer, so the answer is there.
                assert earlier.document_id is not None
                return Receipt(earlier.document_id, earlier.job_id, earlier.scored, replayed=True)
        receipt = take_in(session, queue, upload, model_id, caller, request_id)
        if idempotency_key is not None:
            values = {"document_id": receipt.document_id, "job_id": receipt.job_id, "scored": receipt.scored}
            keep_answer(session, caller.id, idempotency_key, **values)
        return receipt


def claim(session: Session, caller_id: str, key: str, fingerprint: str) -> IdempotentAnswer | None:
    """Claim a key for a request; return the answer that an earlier one got, or None where this is the first.

    Another request that is claiming the key is waited for. Raises `IdempotencyKeyError` where it came with another request.
    """
    if insert_unless_there(
        session, IdempotentAnswer, caller_id=caller_id, key=key, fingerprint=fingerprint, scored=False, created=now()
    ):
        return None
    return check_answer(session.get_one(IdempotentAnswer, (caller_id, key)), fingerprint)


def check_answer(row: IdempotentAnswer, fingerprint: str) -> IdempotentAnswer:
    """Return an earlier answer, or raise `IdempotencyKeyError` where it was given to another request."""
    if row.fingerprint != fingerprint:
        raise IdempotencyKeyError(
            f"Idempotency-Key {row.key!r}: has come before with another document or other details; use a new key for a new request"
        )
    return row


def keep_answer(session: Session, caller_id: str, key: str, **answer: str | bool | None) -> None:
    """Keep the answer to the request that has claimed a key."""
    session.execute(
        update(IdempotentAnswer)
        .where(IdempotentAnswer.caller_id == caller_id, IdempotentAnswer.key == key)
        .values(**answer)
    )


def take_in(
    session: Session, queue: JobQueue, upload: Upload, model_id: str, caller: Caller, request_id: str | None
) -> Receipt:  # fmt: skip
    """Write an upload's row, unless its bytes are here, and queue its job where it needs one; all in the caller's transaction."""
    lock_quota(session, caller)
    new = insert_unless_there(
        session, StoredDocument, id=new_id("doc"), created=now(), added_by=caller.id, **asdict(upload)
    )
    if new:
        hold_to_quota(session, caller, upload.name, upload.size)
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
    job_id = _queued(session, queue, document_id, model_id, request_id)
    what = {**asdict(upload), "job_id": job_id} if new else {"job_id": job_id}
    action = "document.submitted" if new else "document.queued"
    record(session, caller, action, document_id, after=what, request_id=request_id)
    return Receipt(document_id, job_id, scored=False)


def _queued(session: Session, queue: JobQueue, document_id: str, model_id: str, request_id: str | None) -> str:
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
    return job_id
