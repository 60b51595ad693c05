"""Documents as Label Studio's tasks: the passages as one text, and a prediction with its regions.

Label Studio counts offsets in code points, as we do. Its first editors counted UTF-16 units, so an old export may still have those.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.annotation import Shown
from api.labelstudio.configuration import CRITERION, LABELS, TEXT
from api.store.readings import KeptReading
from api.store.tables import StoredDocument

_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class TaskText:
    """A reading's passages as one text, with the place of each in it, in code points."""

    text: str
    passage_ids: Sequence[str]
    starts: Sequence[int]
    ends: Sequence[int]

    def passage_at(self, start: int, end: int) -> str | None:
        """Return the passage that holds the span; None where none holds all of it. White space at its ends does not count."""
        quote = self.text[start:end]
        start += len(quote) - len(quote.lstrip())
        end -= len(quote) - len(quote.rstrip())
        place = bisect_right(self.starts, start) - 1
        if place < 0 or not start < end <= self.ends[place]:
            return None
        return self.passage_ids[place]


def task_text(reading: KeptReading) -> TaskText:
    """Return a reading as the text of its task."""
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for passage in reading.passages:
        starts.append(at)
        ends.append(at + len(passage.text))
        at = ends[-1] + len(_BETWEEN)
    return TaskText(_BETWEEN.join(passage.text for passage in reading.passages), reading.ids, starts, ends)


def task(
    document: StoredDocument, reading: KeptReading, codebook_version: str, predicted: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a document as a task. What comes back is found again by `document_id` and `reading_id`."""
    return {
        "data": {
            "text": task_text(reading).text, "document_id": document.id, "reading_id": reading.id,
            "codebook_version": codebook_version, "name": document.name, "authority": document.authority,
            "kind": document.kind, "year": document.year,
        },
        "predictions": [predicted],
    }  # fmt: skip


def prediction(
    text: TaskText, shown: Shown, probabilities: Mapping[str, Sequence[float]], score: float
) -> dict[str, Any]:
    """Return a prediction as Label Studio takes it: a choice for each criterion, a region for each labelled passage."""
    choices = [
        {
            "id": CRITERION + key, "from_name": CRITERION + key, "to_name": TEXT, "type": "choices",
            "value": {"choices": [level]},
        }
        for key, level in shown.criteria.items()
    ]  # fmt: skip
    regions = [
        region(text, place, labels, max(probabilities[label][place] for label in labels))
        for place, name in enumerate(text.passage_ids)
        if (labels := shown.passages.get(name, ()))
    ]
    return {"model_version": shown.model_id, "score": round(score, 6), "result": [*choices, *regions]}


def region(text: TaskText, place: int, labels: Sequence[str], score: float) -> dict[str, Any]:
    """Return a passage's labels as a region of the text."""
    start, end = text.starts[place], text.ends[place]
    value = {"start": start, "end": end, "text": text.text[start:end], "labels": list(labels)}
    return {"id": text.passage_ids[place], "from_name": LABELS, "to_name": TEXT, "type": "labels", "value": value, "score": score}  # fmt: skip
