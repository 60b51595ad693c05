"""Which passages go into a prompt: for each criterion those that bear on it, the whole summary, the priorities, as far as there is room.

What the classifier found comes beside what shares words with the criterion, so that a passage that the classifier overlooked is read, too.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest

from api.second_reader.material import Material, ReaderPassage
from classifier.codebook import Codebook, Criterion

_WORD = re.compile(r"[a-z]{3,}")
_STEM = 6
# In turns: the first few of each criterion, then summary, vision and priorities, then more of each criterion.
_FIRST, _MORE = 3, 12
_B, _K = 0.6, 1.4


def choose(
    material: Material, codebook: Codebook, room: int, size: Callable[[ReaderPassage], int]
) -> list[ReaderPassage]:  # fmt: skip
    """Return the passages that fit into the room, in the order of the document; `size` tells what one takes."""
    chosen: set[int] = set()
    for place in _wanted(material, codebook):
        taken = size(material.passages[place])
        if place not in chosen and taken <= room:
            chosen.add(place)
            room -= taken
    return [material.passages[place] for place in sorted(chosen)]


def _wanted(material: Material, codebook: Codebook) -> Iterator[int]:
    """Yield the places of passages, the most wanted first; some more than once."""
    ranked = [_ranked(material, words, criterion) for words in [_Words(material.passages)] for criterion in codebook.criteria]  # fmt: skip
    for row in zip_longest(*(places[:_FIRST] for places in ranked)):
        yield from (place for place in row if place is not None)
    for role in ("summary", "vision", "priority", "principle"):
        yield from (place for place, passage in enumerate(material.passages) if passage.role == role)
    for row in zip_longest(*(places[_FIRST:_MORE] for places in ranked)):
        yield from (place for place in row if place is not None)
    yield from range(len(material.passages))


def _ranked(material: Material, words: _Words, criterion: Criterion) -> list[int]:
    """Return the places of the passages for a criterion: the classifier's and those found by words in turns."""
    at: Mapping[str, int] = {passage.id: place for place, passage in enumerate(material.passages)}
    found = [at[one.passage] for one in material.evidence.get(criterion.key, ()) if one.passage in at]
    asked = f"{criterion.question} {criterion.definition} {criterion.key.replace('_', ' ')}"
    both = zip_longest(dict.fromkeys(found), words.best(asked, _MORE))
    return list(dict.fromkeys(place for pair in both for place in pair if place is not None))


class _Words:
    """Passages by their words, weighed as BM25 does."""

    def __init__(self, passages: Sequence[ReaderPassage]) -> None:
        self._counts = [Counter(_stems(f"{passage.heading} {passage.text}")) for passage in passages]
        self._known = Counter(stem for count in self._counts for stem in count)
        self._mean = sum(count.total() for count in self._counts) / max(len(self._counts), 1) or 1.0

    def best(self, asked: str, most: int) -> list[int]:
        """Return the places of the passages that bear most on what is asked, best first."""
        stems = set(_stems(asked))
        scores = [(self._score(stems, count), -place) for place, count in enumerate(self._counts)]
        return [-place for score, place in sorted(scores, reverse=True)[:most] if score > 0]

    def _score(self, stems: Iterable[str], count: Counter[str]) -> float:
        length = 1 - _B + _B * count.total() / self._mean
        total = len(self._counts)
        return sum(
            math.log(1 + (total - self._known[stem] + 0.5) / (self._known[stem] + 0.5))
            * count[stem] * (_K + 1) / (count[stem] + _K * length)
            for stem in stems
            if count[stem]
        )  # fmt: skip


def _stems(text: str) -> list[str]:
    return [word[:_STEM] for word in _WORD.findall(text.lower())]
