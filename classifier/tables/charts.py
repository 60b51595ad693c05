"""A chart for each figure, as SVG: one dark tone, hatches instead of colours, the numbers written out, so that it reads in grey and on a phone."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from classifier.codebook import STRENGTHS
from classifier.errors import MissingExtraError
from classifier.report.words import STRENGTH_SHORT
from classifier.tables.changes import Change
from classifier.tables.correction import Corrected
from classifier.tables.drift import Drift
from classifier.tables.figures import Table
from classifier.tables.rows import kind_words
from classifier.tables.year import YearReport

_WIDTH = 4.6  # inches: at this width the letters are as large as a phone's
# How many letters of words and number stand in a line together.
_LETTERS = 54
_DARK, _LIGHT, _INK = "#1f5f5b", "#dfe7e6", "#1b1f24"
# The five labels, from the darkest to the lightest; the hatches tell them apart where two greys look alike.
_SHADES = ("#123f3c", "#2f7a75", "#7db3ae", "#c4dad7", "#f2f6f5")
_HATCHES = ("", "", "//", "", "\\\\")
Draw = Callable[[Any, Sequence[float]], None]


def charts_available() -> bool:
    """Tell whether charts can be drawn here."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def charts_of(report: YearReport) -> Iterator[tuple[str, str]]:
    """Yield the name and the SVG of every chart of a report."""
    for kind in report.kinds:
        prefix = kind.kind or "unknown"
        for table in kind.tables:
            yield f"{prefix}-{table.key}", share_chart(table)
        if kind.corrected:
            yield f"{prefix}-corrected", corrected_chart(kind.corrected)
        for name, changes in (("changes", kind.changes), ("same-authorities", kind.paired)):
            if changes:
                yield (
                    f"{prefix}-{name}",
                    change_chart(changes, str(report.year_before or "before"), str(report.year or "now")),
                )
    if report.drift:
        yield "drift", drift_chart(report.drift, str(report.year_before or "before"), str(report.year or "now"))


def share_chart(table: Table) -> str:
    """Draw a table's shares as bars, each with its exact interval."""
    graded = table.key == "strength"

    def draw(axes: Any, heights: Sequence[float]) -> None:
        for i, (share, y) in enumerate(zip(table.shares, heights, strict=True)):
            shade, hatch = (_SHADES[i], _HATCHES[i]) if graded else (_DARK, "")
            axes.barh(y, 100 * share.share, height=0.36, color=shade, edgecolor=_INK, hatch=hatch, linewidth=0.8)
            _whisker(axes, y, 100 * share.interval.low, 100 * share.interval.high)

    labels = [(share.words, _of(share.printed, share.base, table.whole)) for share in table.shares]
    return _chart(table.key, labels, draw, 100, "per cent")


def change_chart(changes: Sequence[Change], before: str, now: str) -> str:
    """Draw two years' shares as pairs of bars: the year before hatched, the year itself solid."""

    def draw(axes: Any, heights: Sequence[float]) -> None:
        for change, y in zip(changes, heights, strict=True):
            axes.barh(
                y + 0.1,
                100 * change.before.share,
                height=0.2,
                color=_LIGHT,
                edgecolor=_INK,
                hatch="////",
                linewidth=0.8,
            )
            axes.barh(y - 0.1, 100 * change.now.share, height=0.2, color=_DARK, edgecolor=_INK, linewidth=0.8)

    labels = [(change.now.words, f"{change.before.per_cent} → {change.now.per_cent}") for change in changes]
    return _chart("changes" + changes[0].now.words, labels, draw, 100, f"per cent; hatched: {before}, solid: {now}")


def corrected_chart(found: Sequence[Corrected]) -> str:
    """Draw what the model gave (ring) beside what is likely without its error (diamond with its interval)."""
    most = max(one.base for one in found)

    def draw(axes: Any, heights: Sequence[float]) -> None:
        for one, y in zip(found, heights, strict=True):
            _whisker(axes, y, one.interval.low, one.interval.high)
            axes.plot([one.estimate], [y], "D", color=_DARK, markeredgecolor=_INK, markersize=6, clip_on=False)
            axes.plot([one.raw], [y], "o", color="white", markeredgecolor=_INK, markersize=7, clip_on=False)

    labels = [(one.words, f"{one.raw:,} → {one.estimate:,.0f}") for one in found]
    return _chart("corrected", labels, draw, most, "documents; ring: model, diamond: corrected")


def drift_chart(found: Sequence[Drift], before: str, now: str) -> str:
    """Draw the mean strength of each kind in two years."""

    def draw(axes: Any, heights: Sequence[float]) -> None:
        for one, y in zip(found, heights, strict=True):
            _whisker(axes, y, one.before + one.interval.low, one.before + one.interval.high)
            axes.plot([one.before], [y], "o", color="white", markeredgecolor=_INK, markersize=8, clip_on=False)
            axes.plot([one.now], [y], "D", color=_DARK, markeredgecolor=_INK, markersize=6, clip_on=False)
        axes.set_xticks(range(len(STRENGTHS)), [STRENGTH_SHORT[label] for label in STRENGTHS])
        # The outermost words would stand half outside the picture.
        axes.get_xticklabels()[0].set_horizontalalignment("left")
        axes.get_xticklabels()[-1].set_horizontalalignment("right")

    labels = [(kind_words(one.kind), f"{one.before:.2f} → {one.now:.2f}") for one in found]
    return _chart("drift", labels, draw, len(STRENGTHS) - 1, f"mean strength; ring: {before}, diamond: {now}")


def _of(printed: str, base: int, whole: bool) -> str:
    return printed if whole else f"{printed} of {base:,}"


def _whisker(axes: Any, y: float, low: float, high: float) -> None:
    axes.plot([low, high], [y, y], color="white", linewidth=3.2, solid_capstyle="butt")
    axes.plot([low, high], [y, y], color=_INK, linewidth=1.2, marker="|", markersize=6)


def _chart(name: str, labels: Sequence[tuple[str, str]], draw: Draw, most: float, axis: str) -> str:
    """Draw rows from the top, each with its words and its number above what `draw` puts there."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("drawing charts", "report") from error
    wrapped = [textwrap.wrap(words, _LETTERS - 2 - len(number)) or [""] for words, number in labels]
    heights, y = [], 0.0
    for lines in wrapped:
        y -= 0.3 * len(lines) + 0.34
        heights.append(y)
        y -= 0.24
    # Text stays text, and the same figures make the same bytes.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "font.size": 10, "hatch.linewidth": 0.6}):
        figure = Figure(figsize=(_WIDTH, 0.62 - 0.72 * y))
        axes = figure.add_axes((0.03, 0.5 / (0.62 - 0.72 * y), 0.93, 1 - 0.55 / (0.62 - 0.72 * y)))
        draw(axes, heights)
        for (_, number), lines, place in zip(labels, wrapped, heights, strict=True):
            axes.text(0, place + 0.24, "\n".join(lines), va="bottom", ha="left", color=_INK)
            axes.text(most, place + 0.24, number, va="bottom", ha="right", color=_INK)
        axes.set(xlim=(0, most * 1.005), ylim=(y, 0), yticks=[])
        axes.set_xlabel(axis)
        axes.spines[["top", "right", "left"]].set_visible(False)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white")
    return buffer.getvalue()
