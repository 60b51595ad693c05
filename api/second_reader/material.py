"""What the second reader is given of a document: its passages, those that nobody can see left out, and where the classifier found what."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.documents import find_prediction
from api.store.tables import StoredPassage, StoredReading
from classifier.errors import PreventionError
from classifier.prediction import Evidence, Prediction

# Stands for each character that nobody sees: places stay what they are, and no quote reaches over it.
HIDDEN = "\ufffc"
_WORDS = re.compile(r"\w\w+\W+\w\w+")


class NothingToReadError(PreventionError):
    """A document has no passages that could be shown to a model."""


@dataclass(frozen=True, slots=True)
class ReaderPassage:
    """A passage as the second reader sees it: text, heading path and place."""

    id: str
    page: int
    start: int
    role: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Material:
    """A document's passages in order, the classifier's evidence by criterion, and of how many passages something was held back."""

    document_id: str
    passages: tuple[ReaderPassage, ...]
    prediction: Prediction | None
    hidden: int
    hidden_known: bool

    @property
    def digest(self) -> str:
        """Name the text by its digest: the passages' ids and words."""
        content = [[passage.id, passage.text] for passage in self.passages]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def evidence(self) -> Mapping[str, Sequence[Evidence]]:
        """The classifier's evidence by criterion; none where the document is not scored."""
        told = self.prediction
        if told is None:
            return {}
        found: dict[str, Sequence[Evidence]] = {"strength": told.strength.evidence}
        found |= {name: tier.evidence for name, tier in told.tiers.items()}
        return found | {key: criterion.evidence for key, criterion in told.criteria.items()}


def gather(session: Session, document_id: str, model_id: str) -> Material:
    """Return what there is of a document; raise `NothingToReadError` where that is nothing."""
    newest = select(StoredReading.id).filter_by(document_id=document_id).order_by(StoredReading.id.desc()).limit(1)
    query = select(StoredPassage).where(StoredPassage.reading_id == newest.scalar_subquery())
    rows = session.scalars(query.order_by(StoredPassage.number)).all()
    seen = tuple(
        ReaderPassage(row.passage_id, row.page, row.start, row.role, " > ".join(json.loads(row.headings)), text)
        for row in rows
        if _WORDS.search(text := _visible(row))
    )
    if not seen:
        raise NothingToReadError(f"{document_id}: has no passages that can be seen; wait until it is scored, or look at its file")  # fmt: skip
    kept = find_prediction(session, document_id, model_id)
    prediction = Prediction.model_validate_json(kept.body) if kept is not None else None
    return Material(
        document_id, seen, prediction, sum(row.hidden not in (None, "[]") for row in rows), all(row.hidden is not None for row in rows)
    )  # fmt: skip


def _visible(row: StoredPassage) -> str:
    """Return a passage's text without what nobody sees, place for place."""
    text = row.text
    for start, end in json.loads(row.hidden or "[]"):
        a, b = start - row.start, end - row.start
        text = text[:a] + HIDDEN * (b - a) + text[b:]
    return text
