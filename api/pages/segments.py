"""The text of a document without pages, cut where evidence begins and ends: nobody has to count characters to mark it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass

from api.pages.criteria import Place
from api.store.passages import LabelledPassage


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a passage, and the ids of the evidence that covers it."""

    text: str
    places: tuple[str, ...]
    shade: str


@dataclass(frozen=True, slots=True)
class ShownPassage:
    """A passage as its text is shown."""

    id: str
    page: int
    headings: Sequence[str]
    segments: Sequence[Segment]


def shown_passages(passages: Sequence[LabelledPassage], places: Sequence[Place]) -> list[ShownPassage]:
    """Return passages in order with their segments; what was only considered is not marked."""
    marked = [place for place in places if place.kind != "considered"]
    return [
        ShownPassage(
            one.passage.passage_id, one.passage.page, json.loads(one.passage.headings),
            _segments(one, [place for place in marked if place.passage == one.passage.passage_id]),
        )
        for one in passages
    ]  # fmt: skip


def _segments(one: LabelledPassage, places: Sequence[Place]) -> list[Segment]:
    begin, end = one.passage.start, one.passage.end
    cuts = sorted({begin, end} | {min(max(at, begin), end) for place in places for at in (place.start, place.end)})
    found = []
    for start, stop in itertools.pairwise(cuts):
        covering = [place for place in places if place.start <= start and stop <= place.end]
        shade = next((place.shade for place in covering if place.shade != "plain"), "plain")
        found.append(Segment(one.passage.text[start - begin : stop - begin], tuple(p.id for p in covering), shade))
    return found
