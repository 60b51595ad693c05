"""Counts and shares as a report prints them, each with the documents behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from classifier.tables.intervals import Interval, exact_interval
from classifier.tables.rows import LabelledRow

Test = Callable[[LabelledRow], bool]


def whole_per_cent(count: int, base: int) -> int:
    """Return a share in whole per cent, halves rounded up, without a float between: 61 of 151 is 40."""
    return (200 * count + base) // (2 * base) if base else 0


@dataclass(frozen=True, slots=True)
class Share:
    """A count out of a base, and which documents were counted."""

    key: str
    words: str
    count: int
    base: int
    documents: tuple[LabelledRow, ...] = ()
    note: str = ""

    @property
    def share(self) -> float:
        return self.count / self.base if self.base else 0.0

    @property
    def per_cent(self) -> int:
        return whole_per_cent(self.count, self.base)

    @property
    def has_per_cent(self) -> bool:
        """Tell whether a percentage is printed: none for less than one in a hundred, nor of nothing."""
        return self.base > 0 and 100 * self.count >= self.base

    @property
    def printed(self) -> str:
        """Return the figure as the report prints it: "61 (40 per cent)", and "1" where a percentage would say nothing."""
        return f"{self.count:,} ({self.per_cent} per cent)" if self.has_per_cent else f"{self.count:,}"

    @property
    def short(self) -> str:
        """Return it as the report prints all but the first of a list: "34 (23)"."""
        return f"{self.count:,} ({self.per_cent})" if self.has_per_cent else f"{self.count:,}"

    @property
    def interval(self) -> Interval:
        return exact_interval(self.count, self.base)


@dataclass(frozen=True, slots=True)
class Table:
    """Shares that belong together. `whole` tells that they are parts of one base."""

    key: str
    title: str
    shares: tuple[Share, ...]
    whole: bool = False
    note: str = ""

    @property
    def line(self) -> str:
        """Return the figures in one line, as the report lists them; what comes after the last that is not nothing is left out."""
        last = max((i for i, share in enumerate(self.shares) if share.count), default=-1)
        shares = self.shares[: last + 1]
        return ", ".join(share.printed if i == 0 else share.short for i, share in enumerate(shares)) or "0"


def share_of(key: str, words: str, rows: Sequence[LabelledRow], holds: Test, note: str = "") -> Share:
    """Count the rows for which `holds` is true."""
    found = tuple(row for row in rows if holds(row))
    return Share(key, words, len(found), len(rows), found, note)


def answered(rows: Sequence[LabelledRow], key: str, but: Sequence[str] = ()) -> list[LabelledRow]:
    """Return the rows in which somebody answered a criterion, with none of the levels in `but`."""
    return [row for row in rows if (level := row.level(key)) is not None and level not in but]
