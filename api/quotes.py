"""What a person selects on a page, found again in the text that was read from it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.store.tables import StoredPassage
from classifier.errors import PreventionError

# What is shorter may stand anywhere.
SHORTEST = 3
# A viewer and a reader of PDF disagree about spaces, soft hyphens and the hyphens that end lines.
_LEFT_OUT = set("-\u00ad\u2010\u2011\u2012\u2013\u2014")

Box = Sequence[float]


class QuoteError(PreventionError):
    """What was selected is not in the text."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim piece of one passage: offsets are code points into the page's text."""

    passage_id: str
    page: int
    start: int
    end: int
    quote: str
    boxes: list[list[float]]


def find_quotes(
    page: int, passages: Sequence[StoredPassage], selected: str, rectangles: Sequence[Box] = ()
) -> list[Quote]:
    """Return what was selected as verbatim pieces, one for each passage that it touches; raise `QuoteError` where it is not there.

    Where the words stand on the page more than once, those under the rectangles are taken.
    """
    needle = "".join(letter for _, letter in _letters(selected))
    if len(needle) < SHORTEST:
        raise QuoteError(f"{selected!r:.80}: is too short to be found again; select a few words at least")
    places = [(number, offset) for number, one in enumerate(passages) for offset, _ in _letters(one.text)]
    text = "".join(letter for one in passages for _, letter in _letters(one.text))
    found = [_pieces(passages, places[at : at + len(needle)], rectangles) for at in _occurrences(text, needle)]
    if not found:
        raise QuoteError(
            f"{selected!r:.80}: is not in the text that was read from page {page}; select whole words of a paragraph, and no header or footer"
        )
    return max(found, key=lambda quotes: _overlap(quotes, rectangles))


def boxes_within(lines: Sequence[Box], rectangles: Sequence[Box]) -> list[list[float]]:
    """Return a passage's printed lines cut to the rectangles; the whole lines where no rectangle lies on them."""
    found = []
    for x0, y0, x1, y1 in lines:
        on_it = [r for r in rectangles if min(r[3], y1) - max(r[1], y0) > 0.5 * min(r[3] - r[1], y1 - y0)]
        left, right = (max(x0, min((r[0] for r in on_it), default=x1)), min(x1, max((r[2] for r in on_it), default=x0)))
        if left < right:
            found.append([round(left, 2), y0, round(right, 2), y1])
    return found or [list(line) for line in lines]


def _letters(text: str) -> Iterator[tuple[int, str]]:
    """Yield what is compared, letter by letter, with its offset: ligatures taken apart, without spaces and hyphens."""
    for offset, character in enumerate(text):
        if character in _LEFT_OUT:
            continue
        for letter in unicodedata.normalize("NFKC", character).casefold():
            if not letter.isspace():
                yield offset, letter


def _occurrences(text: str, needle: str) -> Iterator[int]:
    at = text.find(needle)
    while at >= 0:
        yield at
        at = text.find(needle, at + 1)


def _pieces(
    passages: Sequence[StoredPassage], places: Sequence[tuple[int, int]], rectangles: Sequence[Box]
) -> list[Quote]:
    """Return a run of letters as one piece for each passage that it touches."""
    found = []
    for number in sorted({number for number, _ in places}):
        one, offsets = passages[number], [offset for owner, offset in places if owner == number]
        start, end = offsets[0], offsets[-1] + 1
        boxes = boxes_within(json.loads(one.boxes), rectangles)
        found.append(
            Quote(one.passage_id, one.page, one.start + start, one.start + end, one.text[start:end], boxes)
        )  # fmt: skip
    return found


def _overlap(quotes: Sequence[Quote], rectangles: Sequence[Box]) -> float:
    """Return the area that lines of the pieces share with the rectangles."""
    return sum(
        max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
        for quote in quotes
        for a in quote.boxes
        for b in rectangles
    )
