"""Intervals and exact tests for counts. All at 95 per cent, all reproducible."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_Z = 1.959963984540054
_TAIL = 0.025
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure's interval; shares run from 0 to 1, differences from -1 to 1."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tell whether a value lies in it, its ends included."""
        return self.low <= value <= self.high


@lru_cache(maxsize=64)
def _log_choose(n: int) -> Array:
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    found: Array = logs[n] - logs - logs[::-1]
    return found


def _at_least(k: int, n: int, p: float) -> float:
    """Return P(X >= k) of a binomial."""
    if p <= 0.0 or p >= 1.0:
        return float(k <= 0) if p <= 0.0 else 1.0
    counts = np.arange(n + 1)
    return float(np.exp(_log_choose(n) + counts * math.log(p) + (n - counts) * math.log1p(-p))[k:].sum())


@lru_cache(maxsize=4096)
def exact_interval(count: int, base: int) -> Interval:
    """Return the exact interval of a share. Clopper and Pearson (1934)."""
    if base == 0:
        return Interval(0.0, 1.0)

    def solve(k: int, tail: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if _at_least(k, base, middle) < tail else (low, middle)
        return (low + high) / 2

    return Interval(
        solve(count, _TAIL) if count else 0.0,
        solve(count + 1, 1 - _TAIL) if count < base else 1.0,
    )


def wilson_interval(count: int, base: int) -> Interval:
    """Return the score interval of a share. Wilson (1927)."""
    share, z2 = count / base, _Z * _Z
    middle, reach = share + z2 / (2 * base), _Z * math.sqrt(share * (1 - share) / base + z2 / (4 * base * base))
    return Interval(max(0.0, (middle - reach) / (1 + z2 / base)), min(1.0, (middle + reach) / (1 + z2 / base)))


def difference_interval(now: int, now_base: int, before: int, before_base: int) -> Interval:
    """Return the interval of the difference of two independent shares. Newcombe (1998a), method 10."""
    p, q = now / now_base, before / before_base
    a, b = wilson_interval(now, now_base), wilson_interval(before, before_base)
    return Interval(
        p - q - math.hypot(p - a.low, b.high - q),
        p - q + math.hypot(a.high - p, q - b.low),
    )


def paired_interval(both: int, gained: int, lost: int, neither: int) -> Interval:
    """Return the interval of the change of one share among the same documents. Newcombe (1998b), method 10."""
    n = both + gained + lost + neither
    p, q = (both + gained) / n, (both + lost) / n
    a, b = wilson_interval(both + gained, n), wilson_interval(both + lost, n)
    margins = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    cross = both * neither - gained * lost
    phi = (max(cross - n / 2, 0.0) if cross > 0 else float(cross)) / math.sqrt(margins) if margins else 0.0

    def reach(x: float, y: float) -> float:
        return math.sqrt(max(0.0, x * x - 2 * phi * x * y + y * y))

    return Interval(p - q - reach(p - a.low, b.high - q), p - q + reach(a.high - p, q - b.low))


def exact_change_test(gained: int, lost: int) -> float:
    """Return how often chance alone would bring as lopsided a change among the same documents. McNemar's test, exact."""
    changed = gained + lost
    return 1.0 if changed == 0 else min(1.0, 2 * _at_least(max(gained, lost), changed, 0.5))


def mean_interval(values: Array, seed: int = 0) -> Interval:
    """Return the bootstrap interval of a mean. Efron (1979), percentiles."""
    return _percentiles(_means(values, np.random.default_rng(seed)))


def mean_difference_interval(now: Array, before: Array, seed: int = 0) -> Interval:
    """Return the bootstrap interval of the difference of two independent means."""
    dice = np.random.default_rng(seed)
    return _percentiles(_means(now, dice) - _means(before, dice))


def _means(values: Array, dice: np.random.Generator) -> Array:
    """Return means of resamples. Values are few (steps of an order), so their counts are drawn instead of themselves."""
    distinct, counts = np.unique(values, return_counts=True)
    found: Array = dice.multinomial(len(values), counts / len(values), _RESAMPLES) @ distinct / len(values)
    return found


def _percentiles(figures: Array) -> Interval:
    low, high = np.percentile(figures, [100 * _TAIL, 100 * (1 - _TAIL)])
    return Interval(float(low), float(high))
