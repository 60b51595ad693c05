"""How the strength of each kind of document moved from one year to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.codebook import STRENGTHS
from classifier.tables.changes import Pair, number, signed
from classifier.tables.intervals import Interval, exact_change_test, mean_difference_interval, mean_interval
from classifier.tables.rows import LabelledRow


@dataclass(frozen=True, slots=True)
class Drift:
    """How the strength of one kind moved: the mean place in the order, from 0 for very weak to 4 for very strong."""

    kind: str
    before: float
    now: float
    documents_before: int
    documents_now: int
    interval: Interval
    pairs: int = 0
    rose: int = 0
    fell: int = 0
    paired_interval: Interval | None = None
    chance: float = 1.0
    transitions: tuple[tuple[int, ...], ...] = ()

    @property
    def sentence(self) -> str:
        """Say the drift in plain words."""
        held = "chance alone may bring as much" if self.interval.holds(0.0) else "more than chance would bring"
        ends = f"{signed(self.interval.low, 2)} to {signed(self.interval.high, 2)}"
        said = f"from {self.before:.2f} to {self.now:.2f} steps ({signed(self.now - self.before, 2)}, interval {ends}): {held}"
        if not self.pairs:
            return f"{said}."
        odds = "as chance alone may have it" if self.chance > 0.05 else "more lopsided than chance would have it"
        same = self.pairs - self.rose - self.fell
        return f"{said}. Of the same {self.pairs:,} authorities {number(self.rose)} rose, {number(self.fell)} fell and {number(same)} stayed: {odds}."


def drift_of(
    kind: str, before: Sequence[LabelledRow], now: Sequence[LabelledRow], pairs: Sequence[Pair]
) -> Drift | None:
    """Return how one kind's strength moved; None where a year has no strength at all."""
    old, new = _steps(before), _steps(now)
    if not len(old) or not len(new):
        return None
    both = [(a.strength, b.strength) for a, b in pairs if a.strength is not None and b.strength is not None]
    moves = np.array([b - a for a, b in both], dtype=float)
    table = np.zeros((len(STRENGTHS), len(STRENGTHS)), dtype=int)
    for a, b in both:
        table[a, b] += 1
    rose, fell = int((moves > 0).sum()), int((moves < 0).sum())
    return Drift(
        kind, float(old.mean()), float(new.mean()), len(old), len(new), mean_difference_interval(new, old), len(both), rose, fell,
        mean_interval(moves) if both else None, exact_change_test(rose, fell), tuple(map(tuple, table.tolist())),
    )  # fmt: skip


def _steps(rows: Sequence[LabelledRow]) -> NDArray[np.float64]:
    return np.array([row.strength for row in rows if row.strength is not None], dtype=float)
