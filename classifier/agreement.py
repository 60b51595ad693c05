"""How far two or more readers agree on ordered or named levels, each figure with its interval.

One copy for training, which measures models against people, and for the service, which measures people against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Array = NDArray[np.float64]
Table = NDArray[np.int64]

RESAMPLES = 1000


class Interval(BaseModel):
    """A figure with its 95 % bootstrap interval."""

    model_config = ConfigDict(frozen=True)

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def bootstrap(
    figure: Callable[[NDArray[np.int64]], float], count: int, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Return a figure over `count` items with its percentile interval; `figure` takes the indices drawn. Efron (1979).

    A figure that cannot be told (the precision of nothing named) is not a number in a resample, and 0 as a result.
    """
    dice = np.random.default_rng(seed)
    drawn = np.array([figure(dice.integers(0, count, count)) for _ in range(resamples)])
    value = figure(np.arange(count))
    known = drawn[~np.isnan(drawn)]
    if not len(known) or np.isnan(value):
        return Interval(value=0.0, low=0.0, high=0.0)
    low, high = np.percentile(known, [2.5, 97.5])
    return Interval(value=round(value, 4), low=round(float(low), 4), high=round(float(high), 4))


def agreed(a: Table, b: Table) -> float:
    """Return the share of items to which both readers give the same level; both of shape (items,)."""
    return float(np.mean(a == b))


def cohen_kappa(a: Table, b: Table) -> float:
    """Return Cohen's kappa (1960) of two readers, both of shape (items,); not a number where chance alone agrees always."""
    levels = np.union1d(a, b)
    observed = float(np.mean(a == b))
    chance = float(sum(np.mean(a == level) * np.mean(b == level) for level in levels))
    return (observed - chance) / (1 - chance) if chance < 1 else float("nan")


def quadratic_kappa(a: Table, b: Table, levels: int) -> float:
    """Return the quadratic weighted kappa (Cohen 1968) of two readers, both of shape (items,) with indices of ordered levels.

    A disagreement weighs the square of its steps. Where both give one level throughout, and the same, it is 1.
    """
    steps = np.arange(levels)
    weights = (steps[:, None] - steps[None, :]) ** 2
    first, second = (np.bincount(side, minlength=levels) / len(side) for side in (a, b))
    expected = float((weights * np.outer(first, second)).sum())
    observed = float(np.mean((a - b) ** 2))
    return 1 - observed / expected if expected else 1.0


def ordinal_alpha(ratings: Array) -> float:
    """Return Krippendorff's alpha for ordered levels; `ratings` has shape (readers, items), not a number where a reader gave none.

    Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", section D with the ordinal metric: the distance of two
    levels is the square of how many ratings lie from one to the other, with half of those at each end. Items with fewer than two
    ratings count for nothing. Not a number where nothing is rated twice; 1 where all ratings are one level.
    """
    paired = ratings[:, np.sum(~np.isnan(ratings), axis=0) >= 2]
    if not paired.shape[1]:
        return float("nan")
    levels = np.unique(paired[~np.isnan(paired)])
    counts = np.stack([np.sum(paired == level, axis=0) for level in levels]).astype(float)
    together = counts.sum(axis=0)
    coincidences = (counts / (together - 1)) @ counts.T - np.diag((counts / (together - 1)).sum(axis=1))
    totals = counts.sum(axis=1)
    middles = np.cumsum(totals) - totals / 2
    distances = (middles[:, None] - middles[None, :]) ** 2
    expected = float((np.outer(totals, totals) * distances).sum()) / (totals.sum() - 1)
    return 1 - float((coincidences * distances).sum()) / expected if expected else 1.0


def confusion(a: Table, b: Table, levels: int) -> list[list[int]]:
    """Return how often the first reader's level (row) met the second's (column)."""
    table = np.zeros((levels, levels), dtype=int)
    np.add.at(table, (a, b), 1)
    rows: list[list[int]] = table.tolist()
    return rows


class PairAgreement(BaseModel):
    """How far two readers agree on one criterion over the items that both labelled."""

    model_config = ConfigDict(frozen=True)

    items: int
    percentage: Interval
    quadratic_kappa: Interval | None
    alpha: Interval | None
    confusion: list[list[int]]


def pair_agreement(
    a: Sequence[int], b: Sequence[int], levels: int, *, ordered: bool, resamples: int = RESAMPLES
) -> PairAgreement:
    """Return all figures of two readers; kappa and alpha only where the levels are ordered, or are two, and something was labelled."""
    one, other = np.array(a, dtype=np.int64), np.array(b, dtype=np.int64)
    ratings = np.stack([one, other]).astype(float)
    weighed = ordered or levels == 2
    return PairAgreement(
        items=len(one),
        percentage=bootstrap(lambda drawn: agreed(one[drawn], other[drawn]), len(one), resamples),
        quadratic_kappa=bootstrap(lambda drawn: quadratic_kappa(one[drawn], other[drawn], levels), len(one), resamples)
        if weighed
        else None,
        alpha=bootstrap(lambda drawn: ordinal_alpha(ratings[:, drawn]), len(one), resamples) if weighed else None,
        confusion=confusion(one, other, levels),
    )
