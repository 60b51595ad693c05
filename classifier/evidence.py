"""From passages and mentions to evidence: verbatim quotes with their place on the page."""

from __future__ import annotations

from typing import Literal

from classifier.document import Document, Passage
from classifier.mentions import Mention
from classifier.prediction import Evidence


def passage_evidence(
    document: Document, passage: Passage, score: float, direction: Literal["for", "against"] = "for"
) -> Evidence:
    """Return a whole passage as evidence."""
    return _evidence(document, passage, passage.start, passage.end, score, direction)


def mention_evidence(document: Document, mention: Mention, score: float = 1.0) -> Evidence:
    """Return the sentence of a mention as evidence."""
    start = mention.passage.start + mention.start
    return _evidence(document, mention.passage, start, mention.passage.start + mention.end, score, "for")


def _evidence(
    document: Document,
    passage: Passage,
    start: int,
    end: int,
    score: float,
    direction: Literal["for", "against"],
) -> Evidence:
    page = document.page(passage.page)
    return Evidence(
        quote=page.text[start:end],
        page=page.number,
        start=start,
        end=end,
        boxes=[box.as_list() for box in page.boxes_of(start, end)],
        score=round(score, 6),
        passage=passage.id,
        heading=passage.heading,
        direction=direction,
    )
