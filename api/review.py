"""In which order documents are worth a person's time, what each further review is worth, and what the prediction does to people.

Plain functions of figures; the store knows where these come from.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from classifier.agreement import Interval, bootstrap
from classifier.codebook import STRENGTHS, Codebook

Order = Literal["least_certain", "most_informative", "disagreement", "random", "authority"]
# Passages that would be read anyway: more of them only measure how long a document is.
_READ = 20
_STEPS = (0, 5, 10, 20, 50, 100, 200, 500, 1000)
_RESAMPLES = 500
LEVELS: tuple[str, ...] = STRENGTHS


@dataclass(frozen=True, slots=True)
class Figures:
    """What a prediction is unsure of: the chance that its strength is wrong, by how many steps it is expected to be, and bits in its passages."""

    error: float
    steps: float
    information: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that may be reviewed. `apart` is how many steps of strength the models or people who have read it lie apart, at most."""

    document_id: str
    name: str
    authority: str | None
    year: int | None
    figures: Figures
    apart: int


def figures_of(
    label: str | None, strength: Mapping[str, float], probabilities: Mapping[str, Sequence[float]]
) -> Figures:  # fmt: skip
    """Return the figures of a prediction: its strength, that one's probabilities, and its passages' by label.

    Where too little could be read, nothing is known, and the error is 1.
    """
    if label is None:
        return Figures(1.0, float(len(STRENGTHS) - 1), 0.0)
    given = LEVELS.index(label)
    chances = [(abs(LEVELS.index(level) - given), p) for level, p in strength.items()]
    doubts = sorted((sum(_bits(p) for p in passage) for passage in zip(*probabilities.values(), strict=True)), reverse=True)  # fmt: skip
    return Figures(1 - strength[label], sum(step * p for step, p in chances), sum(doubts[:_READ]))


def _bits(p: float) -> float:
    return 0.0 if p in (0.0, 1.0) else -(p * math.log2(p) + (1 - p) * math.log2(1 - p))


def ordered(candidates: Sequence[Candidate], order: Order, seed: int = 0) -> list[Candidate]:
    """Return candidates, the one to be reviewed first at the head. A random order is the same for the same seed.

    For training, a second document of an authority teaches less than the first of another, so information is divided by how many of
    its authority stand before it.
    """
    by_id = sorted(candidates, key=lambda c: c.document_id)
    if order == "random":
        return sorted(by_id, key=lambda c: _draw(seed, c.document_id))
    if order == "authority":
        return sorted(by_id, key=lambda c: (c.authority is None, c.authority or "", c.year or 0))
    if order == "disagreement":
        return sorted(by_id, key=lambda c: (-c.apart, -c.figures.error))
    if order == "least_certain":
        return sorted(by_id, key=lambda c: (-c.figures.error, -c.figures.steps))
    richest = sorted(by_id, key=lambda c: -c.figures.information)
    before: Counter[str] = Counter()
    ranked: list[tuple[float, int]] = []
    for place, candidate in enumerate(richest):
        authority = candidate.authority or candidate.document_id
        ranked.append((-candidate.figures.information / (1 + before[authority]), place))
        before[authority] += 1
    return [richest[place] for _, place in sorted(ranked)]


def share_of(document_id: str, purpose: str) -> float:
    """Return a number in [0, 1) that is a document's own for a purpose: those below a share are that share of all."""
    return _draw(purpose, document_id)


def _draw(key: object, document_id: str) -> float:
    digest = hashlib.sha256(f"{key}/{document_id}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


@dataclass(frozen=True, slots=True)
class Outlook:
    """With so many more reviews in the order asked for: the expected share of documents whose strength is wrong, and mean steps of error."""

    reviews: int
    expected_error: float
    expected_steps: float


def outlook(waiting: Sequence[Candidate], reviewed: int) -> list[Outlook]:
    """Return what further reviews are worth, by the calibrated probabilities of what is not reviewed yet.

    A document that a person has read counts as right. At 0 stands what holds now.
    """
    total = len(waiting) + reviewed
    if not total:
        return []
    points = sorted({n for n in (*_STEPS, len(waiting)) if n <= len(waiting)})
    return [
        Outlook(
            n, round(sum(c.figures.error for c in waiting[n:]) / total, 4),
            round(sum(c.figures.steps for c in waiting[n:]) / total, 4),
        )
        for n in points
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One review beside the prediction that lay there: whether it was hidden, and criteria answered and answered otherwise."""

    blind: bool
    answered: int
    differing: int
    # Steps of strength between person and prediction; None where either gave none.
    steps: int | None


@dataclass(frozen=True, slots=True)
class Rate:
    """Reviews of one kind: the share that changed anything, the share of criteria that differ, and mean steps of strength."""

    reviews: int
    overridden: Interval
    differing: Interval
    steps: Interval


@dataclass(frozen=True, slots=True)
class Rates:
    """What people change where the prediction is shown and where it is hidden, and anchoring: how much more they differ where it is hidden."""

    shown: Rate
    hidden: Rate
    anchoring: Interval


def compared(criteria: Mapping[str, str], predicted: Mapping[str, str], codebook: Codebook, *, blind: bool) -> Reviewed:
    """Return a review beside a prediction; criteria that either leaves open are not counted."""
    both = [key for key in criteria if key in predicted]
    levels = codebook.criterion("strength").levels
    steps = (
        abs(levels.index(criteria["strength"]) - levels.index(predicted["strength"])) if "strength" in both else None
    )
    return Reviewed(blind, len(both), sum(criteria[key] != predicted[key] for key in both), steps)


def rates(reviews: Sequence[Reviewed]) -> Rates:
    """Return the rates of reviews with and without the prediction in sight; the two are drawn apart, as they are other documents."""
    shown, hidden = ([r for r in reviews if r.answered and r.blind is blind] for blind in (False, True))
    return Rates(_rate(shown), _rate(hidden), _anchoring(shown, hidden))


def _rate(reviews: Sequence[Reviewed]) -> Rate:
    nothing = Interval(value=0.0, low=0.0, high=0.0)
    if not reviews:
        return Rate(0, nothing, nothing, nothing)
    changed = np.array([float(r.differing > 0) for r in reviews])
    differing = np.array([r.differing / r.answered for r in reviews])
    steps = np.array([np.nan if r.steps is None else float(r.steps) for r in reviews])
    told = steps[~np.isnan(steps)]
    return Rate(
        len(reviews), bootstrap(lambda i: float(changed[i].mean()), len(reviews), _RESAMPLES),
        bootstrap(lambda i: float(differing[i].mean()), len(reviews), _RESAMPLES),
        bootstrap(lambda i: float(told[i].mean()), len(told), _RESAMPLES) if len(told) else nothing,
    )  # fmt: skip


def _anchoring(shown: Sequence[Reviewed], hidden: Sequence[Reviewed]) -> Interval:
    if not shown or not hidden:
        return Interval(value=0.0, low=0.0, high=0.0)
    a, b = (np.array([r.differing / r.answered for r in side]) for side in (shown, hidden))
    dice = np.random.default_rng(0)
    gaps = [float(dice.choice(b, len(b)).mean() - dice.choice(a, len(a)).mean()) for _ in range(_RESAMPLES)]
    low, high = np.percentile(gaps, [2.5, 97.5])
    return Interval(value=round(float(b.mean() - a.mean()), 4), low=round(float(low), 4), high=round(float(high), 4))
