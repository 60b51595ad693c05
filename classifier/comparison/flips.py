"""What changed between two runs: a matrix of transitions, every flip with the evidence behind it, and the jumps that want a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from classifier.codebook import STRENGTHS
from classifier.comparison.runs import Quote, Run, Scoring
from classifier.families.sketch import words_of

JUMP = 2  # steps from which on a person looks
_MOST_QUOTES = 4
_MOST_REASONS = 3
_UNREAD = len(STRENGTHS)


@dataclass(frozen=True, slots=True)
class Reason:
    """A feature whose share in the score moved."""

    feature: str
    before: float
    now: float


@dataclass(frozen=True, slots=True)
class Flip:
    """A document whose strength changed. `confirmed` is a person's label, which stays whatever the runs say."""

    old: Scoring
    new: Scoring
    confirmed: str | None
    lost: tuple[Quote, ...]
    gained: tuple[Quote, ...]
    reasons: tuple[Reason, ...]

    @property
    def name(self) -> str:
        return self.new.document.file

    @property
    def steps(self) -> int | None:
        """Return how many labels up or down; None where one of the runs could not read the document."""
        return None if self.old.step is None or self.new.step is None else self.new.step - self.old.step

    @property
    def other_bytes(self) -> bool:
        """Tell whether the document itself is another, and not only what is said of it."""
        return self.old.document.digest != self.new.document.digest

    @property
    def for_review(self) -> bool:
        """Tell whether a person should look: nobody has yet, and it jumped or could not be read any more."""
        return self.confirmed is None and (self.steps is None or abs(self.steps) >= JUMP)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs side by side. `matrix[old][new]` counts documents, the last row and column those that could not be read."""

    old: Run
    new: Run
    compared: int
    matrix: tuple[tuple[int, ...], ...]
    flips: tuple[Flip, ...]
    criteria: Mapping[str, Counter[tuple[str, str]]]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    confirmed: int

    @property
    def review(self) -> list[Flip]:
        """Return the flips for a person, the longest jumps first."""
        found = [flip for flip in self.flips if flip.for_review]
        return sorted(found, key=lambda flip: (-abs(flip.steps if flip.steps is not None else _UNREAD), flip.name))


def compare(old: Run, new: Run, confirmed: Mapping[str, str] | None = None) -> Comparison:
    """Compare two runs; documents meet by digest, else by file name. `confirmed` gives people's labels by digest or file name."""
    said = confirmed or {}
    pairs = list(_pairs(old, new))
    matrix = [[0] * (_UNREAD + 1) for _ in range(_UNREAD + 1)]
    criteria: dict[str, Counter[tuple[str, str]]] = {}
    flips: list[Flip] = []
    for a, b in pairs:
        matrix[_place(a)][_place(b)] += 1
        before = a.levels
        for key, level in b.levels.items():
            if key in before and before[key] != level:
                criteria.setdefault(key, Counter())[before[key], level] += 1
        if a.step != b.step:
            flips.append(_flip(a, b, _confirmed(b, said)))
    met = {id(scoring) for pair in pairs for scoring in pair}
    only_old, only_new = (
        tuple(s.document.file for s in run.by_digest.values() if id(s) not in met) for run in (old, new)
    )
    held = sum(_confirmed(b, said) is not None for _, b in pairs)
    ordered = tuple(sorted(flips, key=lambda flip: flip.name))
    return Comparison(old, new, len(pairs), tuple(map(tuple, matrix)), ordered, criteria, only_old, only_new, held)


def _pairs(old: Run, new: Run) -> Iterator[tuple[Scoring, Scoring]]:
    by_name = {PurePath(s.document.file).name: s for digest, s in old.by_digest.items() if digest not in new.by_digest}
    for digest, scoring in new.by_digest.items():
        before = old.by_digest.get(digest) or by_name.pop(PurePath(scoring.document.file).name, None)
        if before is not None:
            yield before, scoring


def _confirmed(scoring: Scoring, said: Mapping[str, str]) -> str | None:
    return said.get(scoring.document.digest) or said.get(PurePath(scoring.document.file).name)


def _place(scoring: Scoring) -> int:
    return _UNREAD if scoring.step is None else scoring.step


def _flip(old: Scoring, new: Scoring, confirmed: str | None) -> Flip:
    had, has = ({tuple(words_of(q.quote)) for q in s.strength.evidence} for s in (old, new))
    lost = [q for q in old.strength.evidence if tuple(words_of(q.quote)) not in has]
    gained = [q for q in new.strength.evidence if tuple(words_of(q.quote)) not in had]
    return Flip(old, new, confirmed, _heaviest(lost), _heaviest(gained), _reasons(old, new))


def _heaviest(quotes: list[Quote]) -> tuple[Quote, ...]:
    return tuple(sorted(quotes, key=lambda quote: -abs(quote.score))[:_MOST_QUOTES])


def _reasons(old: Scoring, new: Scoring) -> tuple[Reason, ...]:
    before, now = ({c.feature: c.contribution for c in s.strength.contributions} for s in (old, new))
    found = [Reason(key, before.get(key, 0.0), now.get(key, 0.0)) for key in dict.fromkeys((*before, *now))]
    moved = [reason for reason in found if abs(reason.now - reason.before) >= 0.005]
    return tuple(sorted(moved, key=lambda reason: -abs(reason.now - reason.before))[:_MOST_REASONS])
