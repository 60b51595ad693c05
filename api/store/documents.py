"""Documents and their predictions, as they are looked up."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select
from sqlalchemy.orm import Session

from api.store.tables import Job, StoredDocument, StoredPrediction


def list_documents(session: Session, limit: int, before: str | None = None) -> Sequence[StoredDocument]:
    """Return documents, newest first; with `before`, those that came before the document of that id."""
    query = select(StoredDocument).order_by(StoredDocument.id.desc()).limit(limit)
    return session.scalars(query.where(StoredDocument.id < before) if before is not None else query).all()


def find_prediction(session: Session, document_id: str, model_id: str) -> StoredPrediction | None:
    """Return the prediction by this model; where it has made none, the newest by another; else None."""
    by_this_model = case((StoredPrediction.model_id == model_id, 0), else_=1)
    return session.scalars(
        select(StoredPrediction)
        .where(StoredPrediction.document_id == document_id)
        .order_by(by_this_model, StoredPrediction.id.desc())
        .limit(1)
    ).first()


def latest_job(session: Session, document_id: str) -> Job | None:
    """Return the newest job of a document."""
    return session.scalars(select(Job).where(Job.document_id == document_id).order_by(Job.id.desc()).limit(1)).first()
