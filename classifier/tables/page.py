"""A year's tables as one HTML file that stands alone: no script, no network, readable on a phone and on paper."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2

from classifier.codebook import STRENGTHS
from classifier.report.words import STRENGTH_SHORT, plural
from classifier.tables.changes import signed
from classifier.tables.charts import charts_available, charts_of
from classifier.tables.figures import Share
from classifier.tables.plain import title
from classifier.tables.rows import LabelledRow
from classifier.tables.year import YearReport

# How many documents are named behind a number: all of a year's strategies; of a large corpus a few, and the other formats hold them all.
_MOST_NAMES, _FEW_NAMES = 300, 50
_LARGE = 2000


@dataclass(frozen=True, slots=True)
class Listing:
    """The documents behind one number, and where on the page the number stands."""

    id: str
    back: str
    words: str
    documents: tuple[LabelledRow, ...]
    most: int

    @property
    def shown(self) -> tuple[LabelledRow, ...]:
        return self.documents[: self.most]

    @property
    def left_out(self) -> int:
        return len(self.documents) - len(self.shown)


class Listings:
    """Hands out a place for the documents of each number, the same documents once, and keeps them for the end of the page."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: dict[tuple[int, ...], Listing] = {}

    def add(self, share: Share, back: str) -> str:
        """Return the id of a number's list of documents."""
        documents = tuple(map(id, share.documents))
        if documents not in self._found:
            number = f"n{len(self._found) + 1}"
            self._found[documents] = Listing(
                number, back, f"{share.words}: {share.printed}", share.documents, self._most
            )
        return self._found[documents].id

    @property
    def all(self) -> list[Listing]:
        return list(self._found.values())


def html_page(report: YearReport) -> str:
    """Return the page. Where charts cannot be drawn it says what to install."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("classifier", "tables"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    drawn = dict(charts_of(report)) if charts_available() else {}
    style = (Path(__file__).parent.parent / "report" / "report.css").read_text(encoding="utf-8")
    own = (Path(__file__).parent / "year.css").read_text(encoding="utf-8")
    environment.globals.update(plural=plural, points=lambda value: signed(value, 1))
    return environment.get_template("year.html").render(
        report=report, title=title(report), style=style + own, charts={name: _data_uri(svg) for name, svg in drawn.items()},
        listings=Listings(_FEW_NAMES if len(report.rows) > _LARGE else _MOST_NAMES), strengths=[STRENGTH_SHORT[label] for label in STRENGTHS], drawn=bool(drawn),
    )  # fmt: skip


def _data_uri(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
