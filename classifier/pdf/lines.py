"""From words to lines in reading order: columns are told from tables, and each is read in its own way."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from classifier.pdf.words import Rule, Word

_MIN_GUTTER = 9.0
_MAX_DEPTH = 5
# A "row" longer than this is a page of columns inside a frame, not a table row.
_MAX_ROW_WORDS = 200


@dataclass(slots=True)
class Line:
    """Words that stand side by side on one baseline without a column gap."""

    words: list[Word]
    x0: float = field(init=False)
    y0: float = field(init=False)
    x1: float = field(init=False)
    y1: float = field(init=False)

    def __post_init__(self) -> None:
        self.x0 = min(word.x0 for word in self.words)
        self.y0 = min(word.y0 for word in self.words)
        self.x1 = max(word.x1 for word in self.words)
        self.y1 = max(word.y1 for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def size(self) -> float:
        """Height in points of the line's characters, by far the most of them."""
        return median([word.size for word in self.words])

    @property
    def bold(self) -> bool:
        """Whether at least nine tenths of the characters are bold."""
        return sum(len(w.text) for w in self.words if w.bold) >= 0.9 * sum(len(w.text) for w in self.words)


@dataclass(slots=True)
class TableRow:
    """One row of a table: its cells from left to right, each a list of lines."""

    cells: list[list[Line]]

    @property
    def words(self) -> int:
        return sum(len(line.words) for cell in self.cells for line in cell)


Flow = list[Line]
Region = Flow | list[TableRow]


def read_regions(words: Sequence[Word], rules: Sequence[Rule]) -> list[Region]:
    """Return a page's regions in reading order: flows of lines, and tables of rows; text set askew comes last."""
    regions = _regions(_rejoin(_segments(word for word in words if word.upright)), rules, 0)
    askew = [Line([word]) for word in words if not word.upright]
    return [*regions, askew] if askew else regions


def _segments(words: Iterable[Word]) -> list[Line]:
    """Chain words that follow one another on a baseline, in the order of the content stream."""
    chains: list[list[Word]] = []
    for word in words:
        if chains and _continues(chains[-1][-1], word):
            chains[-1].append(word)
        else:
            chains.append([word])
    return [Line(chain) for chain in chains]


def _continues(last: Word, word: Word) -> bool:
    height = min(last.size, word.size)
    overlap = min(last.y1, word.y1) - max(last.y0, word.y0)
    return overlap > 0.5 * height and -0.5 * height < word.x0 - last.x1 < 1.2 * max(last.size, word.size)


def _rejoin(lines: list[Line]) -> list[Line]:
    """Join pieces of one line that the content stream holds apart (a change of style, a bullet drawn on its own)."""
    joined: list[Line] = []
    for line in sorted(lines, key=lambda line: (round((line.y0 + line.y1) / 2), line.x0)):
        for other in reversed(joined[-8:]):
            overlap = min(other.y1, line.y1) - max(other.y0, line.y0)
            height = min(other.y1 - other.y0, line.y1 - line.y0)
            limit = 2.2 if other.text in _BULLETS else 0.45
            if overlap > 0.6 * height and -0.3 * height < line.x0 - other.x1 < limit * height:
                joined.remove(other)
                joined.append(Line(other.words + line.words))
                break
        else:
            joined.append(line)
    return joined


_BULLETS = {"•", "·", "▪", "–", "-", "o", "*", "➢", "✓", "►", "»", "\u25cb"}
Interval = tuple[float, float]


def _bands(lines: Sequence[Line]) -> list[list[Line]]:
    """Gather lines that stand beside one another; the first of a band decides its height, so bands never chain."""
    bands: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.y0 + line.y1) / 2):
        first = bands[-1][0] if bands else None
        if first is not None and first.y0 <= (line.y0 + line.y1) / 2 <= first.y1:
            bands[-1].append(line)
        else:
            bands.append([line])
    return [sorted(band, key=lambda line: line.x0) for band in bands]


def _white(band: Iterable[Line], left: float, right: float) -> list[Interval]:
    """Return the empty stretches of a band between `left` and `right`."""
    white: list[Interval] = []
    at = left
    for line in band:
        if line.x0 - at >= _MIN_GUTTER:
            white.append((at, line.x0))
        at = max(at, line.x1)
    if right - at >= _MIN_GUTTER:
        white.append((at, right))
    return white


def _common(one: list[Interval], other: list[Interval]) -> list[Interval]:
    shared = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return [(x0, x1) for x0, x1 in shared if x1 - x0 >= _MIN_GUTTER]


def _gutters(white: list[Interval], lines: Iterable[Line]) -> list[Interval]:
    """Keep the stretches that have lines on both sides."""
    lines = list(lines)
    return [
        (x0, x1)
        for x0, x1 in white
        if any(line.x1 <= x0 + 1 for line in lines) and any(line.x0 >= x1 - 1 for line in lines)
    ]


@dataclass(slots=True)
class _Zone:
    bands: list[list[Line]]
    white: list[Interval]

    @property
    def lines(self) -> list[Line]:
        return [line for band in self.bands for line in band]

    @property
    def gutters(self) -> list[Interval]:
        return _gutters(self.white, self.lines)


def _zones(lines: Sequence[Line]) -> list[_Zone]:
    """Cut a region from top to bottom wherever the gutters between its columns change."""
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    zones: list[_Zone] = []
    for band in _bands(lines):
        white = _white(band, left, right)
        if zones:
            zone = zones[-1]
            merged = _Zone([*zone.bands, band], _common(zone.white, white))
            split_already, split_now = bool(zone.gutters), bool(merged.gutters)
            alone = not _gutters(white, band)
            if split_now or (not split_already and alone):
                zones[-1] = merged
                continue
        zones.append(_Zone([band], white))
    return zones


def _regions(lines: list[Line], rules: Sequence[Rule], depth: int) -> list[Region]:
    regions: list[Region] = []
    if not lines:
        return regions
    for zone in _zones(lines):
        gutters = zone.gutters
        if not gutters or depth >= _MAX_DEPTH:
            _extend_flow(regions, [Line([word for line in band for word in line.words]) for band in zone.bands])
        elif (cuts := _row_cuts(zone, gutters, rules)) is not None:
            regions.append(_rows(zone, gutters, cuts))
        else:
            for column in _columns(zone.lines, gutters):
                regions += _regions(column, rules, depth + 1)
    return regions


def _extend_flow(regions: list[Region], lines: Flow) -> None:
    last = regions[-1] if regions else None
    if last and isinstance(last[0], Line):
        last.extend(lines)
    else:
        regions.append(lines)


def _columns(lines: Iterable[Line], gutters: list[Interval]) -> list[list[Line]]:
    middles = [(x0 + x1) / 2 for x0, x1 in gutters]
    columns: list[list[Line]] = [[] for _ in range(len(middles) + 1)]
    for line in lines:
        columns[sum(line.x0 > middle for middle in middles)].append(line)
    return [column for column in columns if column]


def _row_cuts(zone: _Zone, gutters: list[Interval], rules: Sequence[Rule]) -> list[float] | None:
    """Return the heights at which a table's rows begin, or None where the zone is columns of running text.

    A table is ruled across its gutters between the first and the last band, or its cells are short and stand in line.
    """
    top, bottom = zone.bands[0][0].y1, zone.bands[-1][0].y0
    across = (rule for rule in rules if any(rule.x0 < x0 and x1 < rule.x1 for x0, x1 in gutters))
    inner = sorted({round(rule.y0) for rule in across if top - 2 <= rule.y0 <= bottom + 2})
    if inner:
        ruled = [zone.bands[0][0].y0 - 1, *(float(y) for y in inner)]
        rows = _rows(zone, gutters, ruled)
        several = sum(len(row.cells) >= 2 for row in rows)
        if len(rows) >= 3 and several >= 0.6 * len(rows) and max(row.words for row in rows) <= _MAX_ROW_WORDS:
            return ruled
    full = [band for band in zone.bands if len(_columns(band, gutters)) >= 2]
    if len(full) < 4 or len(full) < 0.75 * len(zone.bands):
        return None
    wordy = [column for column in _columns(zone.lines, gutters) if median([len(line.words) for line in column]) > 3]
    if len(wordy) > 1 or (len(gutters) == 1 and wordy):
        return None
    return [band[0].y0 - 1 for band in full]


def _rows(zone: _Zone, gutters: list[Interval], cuts: list[float]) -> list[TableRow]:
    bounds = [*cuts, float("inf")]
    rows: list[TableRow] = []
    for y0, y1 in itertools.pairwise(bounds):
        inside = [line for line in zone.lines if y0 <= (line.y0 + line.y1) / 2 < y1]
        if inside:
            cells = _columns(inside, gutters)
            rows.append(
                TableRow([[Line([w for part in band for w in part.words]) for band in _bands(cell)] for cell in cells])
            )
    return rows
