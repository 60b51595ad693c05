"""A document's passages as they are kept, each with what the prediction says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.tables import StoredPassage, StoredPrediction, StoredReading


@dataclass(frozen=True, slots=True)
class LabelledPassage:
    """A passage and its probabilities by label; none where the prediction was made from another reading."""

    passage: StoredPassage
    probabilities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which passages are wanted: on one page, or with a label at least so probable."""

    page: int | None = None
    label: str | None = None
    least: float = 0.5


class ReadingPassages:
    """The passages that a prediction was made from; without a prediction, or one that kept none, those of the newest reading."""

    def __init__(self, session: Session, document_id: str, prediction: StoredPrediction | None) -> None:
        self._session = session
        self._columns: dict[str, list[float]] = {}
        self.reading_id: str | None = None
        if prediction is not None and prediction.reading_id is not None:
            self.reading_id = prediction.reading_id
            self._columns = json.loads(prediction.passage_probabilities or "{}")
        else:
            newest = select(StoredReading.id).filter_by(document_id=document_id).order_by(StoredReading.id.desc())
            self.reading_id = session.scalars(newest.limit(1)).first()

    @property
    def labels(self) -> Sequence[str]:
        """The labels that probabilities are known for."""
        return list(self._columns)

    def after(self, number: int, limit: int, choice: Choice) -> list[LabelledPassage]:
        """Return wanted passages in reading order, from the one after this number on."""
        found: list[LabelledPassage] = []
        for passage in self._rows(number, choice.page):
            probabilities = {label: values[passage.number] for label, values in self._columns.items()}
            if choice.label is None or probabilities[choice.label] >= choice.least:
                found.append(LabelledPassage(passage, probabilities))
                if len(found) == limit:
                    break
        return found

    def _rows(self, number: int, page: int | None) -> Iterator[StoredPassage]:
        query = select(StoredPassage).where(StoredPassage.reading_id == self.reading_id, StoredPassage.number > number)
        if page is not None:
            query = query.where(StoredPassage.page == page)
        yield from self._session.scalars(query.order_by(StoredPassage.number).execution_options(yield_per=200))
