"""Several documents taken in at once: each on its own, all rows in one transaction with their jobs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.queue import JobQueue
from api.store.audit import record
from api.store.keys import Caller
from api.store.tables import IdempotentAnswer, Submission, SubmissionItem, new_id, now
from api.submission import Upload, check_answer, claim, keep_answer, take_in


@dataclass(frozen=True, slots=True)
class Item:
    """One document of a bundle as it was sent: an upload, or the problem (as JSON) that it was refused with."""

    name: str
    upload: Upload | None = None
    problem: str | None = None

    def __post_init__(self) -> None:
        if (self.upload is None) == (self.problem is None):
            raise ValueError(f"{self.name}: an item is either an upload or refused")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What one request brought. The fingerprint is that of everything that was sent."""

    items: tuple[Item, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of one item."""

    name: str
    document_id: str | None
    job_id: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class BundleReceipt:
    """What became of a bundle, its items in the order they were sent in."""

    submission_id: str
    entries: tuple[Entry, ...]
    replayed: bool = False


def submit_bundle(
    engine: Engine,
    queue: JobQueue,
    bundle: Bundle,
    model_id: str,
    caller: Caller,
    idempotency_key: str | None = None,
    request_id: str | None = None,
) -> BundleReceipt:
    """Take a bundle in and return its receipt; once this returns, a crash loses none of it.

    Raises `IdempotencyKeyError` where the key has come before with another request.
    """
    with Session(engine) as session, session.begin():
        if idempotency_key is not None:
            earlier = claim(session, caller.id, idempotency_key, bundle.fingerprint)
            if earlier is not None:
                return _again(session, earlier)
        submission_id = new_id("sub")
        session.add(Submission(id=submission_id, added_by=caller.id, created=now()))
        session.flush()
        entries = _taken_in(session, queue, bundle, model_id, caller, request_id)
        session.add_all(
            SubmissionItem(
                submission_id=submission_id, number=number, name=entry.name, document_id=entry.document_id,
                job_id=entry.job_id, problem=entry.problem,
            )
            for number, entry in enumerate(entries)
        )  # fmt: skip
        counts = {"documents": len(entries), "refused": sum(entry.problem is not None for entry in entries)}
        record(session, caller, "submission.made", submission_id, after=counts, request_id=request_id)
        if idempotency_key is not None:
            keep_answer(session, caller.id, idempotency_key, submission_id=submission_id)
        return BundleReceipt(submission_id, entries)


def earlier_receipt(engine: Engine, caller: Caller, idempotency_key: str, fingerprint: str) -> BundleReceipt | None:
    """Return the receipt that the same request got before, so that nothing is fetched for it again; None where there is none.

    Raises `IdempotencyKeyError` where the key has come before with another request.
    """
    with Session(engine) as session:
        row = session.get(IdempotentAnswer, (caller.id, idempotency_key))
        return None if row is None else _again(session, check_answer(row, fingerprint))


def _again(session: Session, earlier: IdempotentAnswer) -> BundleReceipt:
    # The row was committed together with its submission, so the submission is there.
    assert earlier.submission_id is not None
    rows = session.scalars(
        select(SubmissionItem).filter_by(submission_id=earlier.submission_id).order_by(SubmissionItem.number)
    )
    entries = tuple(Entry(row.name, row.document_id, row.job_id, row.problem) for row in rows)
    return BundleReceipt(earlier.submission_id, entries, replayed=True)


def _taken_in(
    session: Session, queue: JobQueue, bundle: Bundle, model_id: str, caller: Caller, request_id: str | None
) -> tuple[Entry, ...]:
    entries = {
        number: Entry(item.name, None, None, item.problem)
        for number, item in enumerate(bundle.items)
        if item.upload is None
    }
    uploads = [(item.upload, number) for number, item in enumerate(bundle.items) if item.upload is not None]
    # Each locks its document, always in the same order: two bundles that share documents must not wait for each other.
    for upload, number in sorted(uploads, key=lambda pair: (pair[0].digest, pair[1])):
        receipt = take_in(session, queue, upload, model_id, caller, request_id)
        entries[number] = Entry(bundle.items[number].name, receipt.document_id, receipt.job_id, None)
    return tuple(entries[number] for number in sorted(entries))
