"""Documents with their predictions, all or those that a filter lets through, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.store.tables import StoredDocument, StoredPrediction

# Predictions are up to some hundred kB each, and this many lie in memory at a time.
_AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """Which documents are wanted; what is None lets every document through."""

    kind: str | None = None
    year: int | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Selected:
    """A document, and what the model in use says of it, or the newest other model; None where it is not scored."""

    document: StoredDocument
    prediction: StoredPrediction | None


def selected(engine: Engine, model_id: str, wanted: Filter) -> Iterator[list[Selected]]:
    """Yield documents in the order in which they came. No connection is held while the reader takes his time."""
    after = ""
    while True:
        with Session(engine, expire_on_commit=False) as session:
            found = _page(session, model_id, wanted, after)
            session.expunge_all()
        if not found:
            return
        yield found
        after = found[-1].document.id


def _page(session: Session, model_id: str, wanted: Filter, after: str) -> list[Selected]:
    query = select(StoredDocument).where(StoredDocument.id > after).order_by(StoredDocument.id).limit(_AT_A_TIME)
    for column, value in (
        (StoredDocument.kind, wanted.kind),
        (StoredDocument.year, wanted.year),
        (StoredDocument.authority, wanted.authority),
    ):
        query = query if value is None else query.where(column == value)
    documents = session.scalars(query).all()
    chosen = _chosen(session, model_id, [document.id for document in documents])
    return [Selected(document, chosen.get(document.id)) for document in documents]


def _chosen(session: Session, model_id: str, documents: Sequence[str]) -> dict[str, StoredPrediction]:
    """Return each document's prediction: by this model where there is one, else the newest."""
    places = session.execute(
        select(StoredPrediction.id, StoredPrediction.document_id, StoredPrediction.model_id)
        .where(StoredPrediction.document_id.in_(documents))
        .order_by(StoredPrediction.id)
    ).all()
    # The last one counts: by age, and this model's after all others.
    best = {row.document_id: row.id for row in sorted(places, key=lambda row: row.model_id == model_id)}
    rows = session.scalars(select(StoredPrediction).where(StoredPrediction.id.in_(best.values())))
    return {row.document_id: row for row in rows}
