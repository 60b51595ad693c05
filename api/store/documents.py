"""Documents and their predictions, as they are looked up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from api.store.search import documents_with
from api.store.tables import Job, StoredDocument, StoredPrediction

DocumentStatus = Literal["waiting", "scored", "failed"]
# Where a prediction gives no strength; a label's name in a filter.
NOT_ENOUGH_TEXT = "not_enough_text"
_JOB_STATES = {"waiting": ("queued", "running"), "scored": ("succeeded",), "failed": ("failed",)}


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents are wanted; what is None does not matter. `words` is looked for in their passages."""

    authority: str | None = None
    authority_code: str | None = None
    kind: str | None = None
    year: int | None = None
    strength: str | None = None
    status: DocumentStatus | None = None
    words: str | None = None
    without: Collection[str] = ()


def list_documents(
    session: Session, limit: int, before: str | None = None, wanted: DocumentFilter | None = None, model_id: str = ""
) -> Sequence[StoredDocument]:
    """Return documents, newest first; with `before`, those that came before the document of that id.

    A strength is that of the prediction by this model, or of the newest by another where it has made none.
    """
    query = select(StoredDocument).order_by(StoredDocument.id.desc()).limit(limit)
    if before is not None:
        query = query.where(StoredDocument.id < before)
    if wanted is not None:
        if wanted.words is not None:
            holding = documents_with(session, wanted.words)
            if holding is None:
                return []
            query = query.where(StoredDocument.id.in_(holding))
        query = query.where(*_conditions(wanted, model_id))
    return session.scalars(query).all()


def _conditions(wanted: DocumentFilter, model_id: str) -> list[ColumnElement[bool]]:
    columns: dict[Any, str | int | None] = {
        StoredDocument.authority: wanted.authority, StoredDocument.authority_code: wanted.authority_code,
        StoredDocument.kind: wanted.kind, StoredDocument.year: wanted.year,
    }  # fmt: skip
    found: list[ColumnElement[bool]] = [name == value for name, value in columns.items() if value is not None]
    if wanted.without:
        found.append(StoredDocument.id.not_in(wanted.without))
    if wanted.strength is not None:
        strength = select(func.coalesce(StoredPrediction.strength, NOT_ENOUGH_TEXT)).where(
            StoredPrediction.document_id == StoredDocument.id
        )
        first = strength.order_by(*_best_first(model_id)).limit(1).correlate(StoredDocument).scalar_subquery()
        found.append(first == wanted.strength)
    if wanted.status is not None:
        # A document's status is that of its newest job.
        newest = select(Job.status).where(Job.document_id == StoredDocument.id).order_by(Job.id.desc()).limit(1)
        found.append(newest.correlate(StoredDocument).scalar_subquery().in_(_JOB_STATES[wanted.status]))
    return found


def find_prediction(session: Session, document_id: str, model_id: str) -> StoredPrediction | None:
    """Return the prediction by this model; where it has made none, the newest by another; else None."""
    query = select(StoredPrediction).where(StoredPrediction.document_id == document_id)
    return session.scalars(query.order_by(*_best_first(model_id)).limit(1)).first()


def _best_first(model_id: str) -> tuple[ColumnElement[int], ColumnElement[str]]:
    return case((StoredPrediction.model_id == model_id, 0), else_=1), StoredPrediction.id.desc()


def latest_job(session: Session, document_id: str) -> Job | None:
    """Return the newest job of a document."""
    return session.scalars(select(Job).where(Job.document_id == document_id).order_by(Job.id.desc()).limit(1)).first()
