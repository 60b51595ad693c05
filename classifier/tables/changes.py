"""Year on year: what rose and what fell, for all documents and for those of the same authorities, in figures and in a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from classifier.codebook import Codebook
from classifier.tables.distributions import is_bottom, is_top, tables_of
from classifier.tables.figures import Share, answered, share_of
from classifier.tables.intervals import (
    Interval,
    difference_interval,
    exact_change_test,
    paired_interval,
)
from classifier.tables.rows import LabelledRow, authority_key

Pair = tuple[LabelledRow, LabelledRow]
# What is compared: parts of the year's tables that are plain shares.
_COMPARED = ("strength", "places", "triple_definition", "policies", "themes", "integration_kind", "tiers", "replies")
# What stands over a table has to stand in each sentence.
_PREFIXES = {
    "places": "Prevention ",
    "triple_definition": "Triple definition ",
    "integration_kind": "Integration meaning ",
}
_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class Change:
    """One share in two years; `gained` and `lost` count the same authorities' documents that came to it and left it."""

    before: Share
    now: Share
    interval: Interval
    paired: bool
    gained: int = 0
    lost: int = 0
    chance: float | None = None

    @property
    def points(self) -> int:
        """Return the change in points between the whole percentages, as one reads it off the tables."""
        return self.now.per_cent - self.before.per_cent

    @property
    def exact_points(self) -> float:
        return 100 * (self.now.share - self.before.share)

    @property
    def sentence(self) -> str:
        """Say the change in one plain sentence."""
        said = f"{self.now.words}: {_way(self)}."
        return (
            said
            if self.before.count == self.now.count and self.before.base == self.now.base
            else f"{said} {_certainty(self)}"
        )


def number(count: int) -> str:
    """Write a number up to ten in letters, as reports do."""
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else f"{count:,}"


def signed(value: float, digits: int = 0) -> str:
    """Write a number with its sign, as print has it."""
    return f"{value:+.{digits}f}".replace("-", "−")


def _way(change: Change) -> str:
    before, now = change.before, change.now
    few = before.base == now.base and max(before.count, now.count) < len(_NUMBERS)
    sizes = (before.count, now.count) if few else (before.share, now.share)
    way = "up" if sizes[1] > sizes[0] else "down" if sizes[1] < sizes[0] else "as before"
    told = (number(before.count), number(now.count)) if few else (before.printed, now.printed)
    if few:
        return (
            f"{way}, {told[1]} of {now.base:,}"
            if way == "as before"
            else f"{way} from {told[0]} to {told[1]} of {now.base:,}"
        )
    points = abs(change.points)
    by = f"by about {number(points)} {'point' if points == 1 else 'points'}" if points else "by less than a point"
    return f"{way}, {told[1]}" if way == "as before" else f"{way} {by}, from {told[0]} to {told[1]}"


def _certainty(change: Change) -> str:
    low, high = 100 * change.interval.low, 100 * change.interval.high
    held = "chance alone may bring as much" if change.interval.holds(0.0) else "more than chance would bring"
    return f"Before rounding {signed(change.exact_points, 1)} points, interval {signed(low)} to {signed(high)}: {held}."


def changes_of(before: Sequence[LabelledRow], now: Sequence[LabelledRow], codebook: Codebook) -> list[Change]:
    """Return the changes among all documents of one kind. The two years count as independent."""
    old, new = _shares(before, codebook), _shares(now, codebook)
    return [
        Change(
            old[key], share, difference_interval(share.count, share.base, old[key].count, old[key].base), paired=False
        )
        for key, share in new.items()
        if key in old and share.base and old[key].base
    ]


def paired_changes_of(pairs: Sequence[Pair], codebook: Codebook) -> list[Change]:
    """Return the changes among the same authorities, of those whose documents were asked the same in both years."""
    if not pairs:
        return []
    places = [{row.place or row.document: i for i, row in enumerate(side)} for side in zip(*pairs, strict=True)]
    old, new = (_shares(list(side), codebook) for side in zip(*pairs, strict=True))
    found = []
    for key, share in new.items():
        if key not in old:
            continue
        asked = _asked(pairs, key)
        held = [
            {places[i][row.place or row.document] for row in one.documents} & asked
            for i, one in enumerate((old[key], share))
        ]
        if not asked:
            continue
        both, gained, lost = len(held[0] & held[1]), len(held[1] - held[0]), len(held[0] - held[1])
        found.append(
            Change(
                Share(key, share.words, both + lost, len(asked), tuple(pairs[i][0] for i in sorted(held[0]))),
                Share(key, share.words, both + gained, len(asked), tuple(pairs[i][1] for i in sorted(held[1]))),
                paired_interval(both, gained, lost, len(asked) - both - gained - lost),
                paired=True, gained=gained, lost=lost, chance=exact_change_test(gained, lost),
            )
        )  # fmt: skip
    return found


def _asked(pairs: Sequence[Pair], key: str) -> set[int]:
    """Return the pairs whose two documents both answer what a share counts; a summary that is not there answers nothing."""
    criteria = ("vision", "priority", "principle") if key == "key_places" else (key.partition(".")[0],)
    but = ("none", None) if key.startswith("integration_kind") else ("not_applicable", None)
    return {i for i, pair in enumerate(pairs) if all(row.level(c) not in but for row in pair for c in criteria)}


def _shares(rows: Sequence[LabelledRow], codebook: Codebook) -> dict[str, Share]:
    told = answered(rows, "strength")
    sums = [
        share_of("strength.top", "Very strong and strong together", told, is_top),
        share_of("strength.bottom", "Weak and very weak together", told, is_bottom),
    ]
    tables = {table.key: list(table.shares) for table in tables_of(rows, codebook)}
    tables["strength"] = [*tables.get("strength", []), *sums]
    return {
        share.key: replace(share, words=_PREFIXES[name] + share.words[:1].lower() + share.words[1:])
        if name in _PREFIXES
        else share
        for name in _COMPARED
        for share in tables.get(name, [])
        if share.base
    }


def pairs_of(before: Sequence[LabelledRow], now: Sequence[LabelledRow]) -> tuple[list[Pair], list[str]]:
    """Pair documents of one kind by authority; an authority with several in a year has its newest paired, and a line says so."""
    notes: list[str] = []
    old, new = (dict(_newest(rows, notes)) for rows in (before, now))
    return [(old[key], row) for key, row in new.items() if key in old], notes


def _newest(rows: Sequence[LabelledRow], notes: list[str]) -> Iterator[tuple[str, LabelledRow]]:
    found: dict[str, LabelledRow] = {}
    for row in rows:
        key = authority_key(row.authority)
        if not key:
            continue
        if key in found:
            notes.append(f"{row.authority} has several documents of one kind in a year; the newest is compared")
        if key not in found or (row.year or 0) >= (found[key].year or 0):
            found[key] = row
    yield from found.items()
