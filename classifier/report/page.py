"""A prediction as one HTML file that stands alone: no script, no network, readable on a phone and on paper."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import jinja2

from classifier.codebook import STRENGTHS
from classifier.pdf import RenderedPage, render_pages
from classifier.prediction import Evidence, Prediction
from classifier.report.words import (
    CRITERION_WORDS,
    FEATURE_WORDS,
    STATE_WORDS,
    STRENGTH_SHORT,
    STRENGTH_WORDS,
    TIER_WORDS,
    plural,
    value_words,
)

_IMAGE_WIDTH = 900
_MARGIN = 34.0


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of a page that shows a piece of evidence, in points: x, y, width, height."""

    page: int
    x: float
    y: float
    width: float
    height: float

    @property
    def view(self) -> str:
        return f"{self.x:.0f} {self.y:.0f} {self.width:.0f} {self.height:.0f}"


def html_report(prediction: Prediction, path: Path) -> str:
    """Return the report of one document."""
    images = _images(prediction, path) if prediction.document.format == "pdf" else {}
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("classifier", "report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals.update(
        plural=plural, value_words=value_words, data_uri=_data_uri, crop=lambda evidence: _crop(evidence, images)
    )
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    return environment.get_template("report.html").render(
        p=prediction, document=prediction.document, strength=prediction.strength, images=images, style=style, levels=STRENGTHS[::-1],
        strength_words=STRENGTH_WORDS, strength_short=STRENGTH_SHORT, state_words=STATE_WORDS, tier_words=TIER_WORDS, feature_words=FEATURE_WORDS,
        criterion_words=CRITERION_WORDS, marks=_marks(prediction),
    )  # fmt: skip


def _all_evidence(prediction: Prediction) -> list[tuple[str, Evidence]]:
    found: list[tuple[str, Evidence]] = [(evidence.direction, evidence) for evidence in prediction.strength.evidence]
    found += [(tier, evidence) for tier, state in prediction.tiers.items() for evidence in state.evidence]
    return found + [
        ("mention", evidence) for criterion in prediction.criteria.values() for evidence in criterion.evidence
    ]


def _images(prediction: Prediction, path: Path) -> dict[int, RenderedPage]:
    numbers = sorted({evidence.page for _, evidence in _all_evidence(prediction) if evidence.boxes})
    if not numbers:
        return {}
    return {page.number: page for page in render_pages(path.resolve(), path.name, numbers, width=_IMAGE_WIDTH)}


def _data_uri(page: RenderedPage) -> str:
    return f"data:image/webp;base64,{base64.b64encode(page.image).decode()}"


def _crop(evidence: Evidence, images: dict[int, RenderedPage]) -> Crop | None:
    """Return the band of the page round the evidence's boxes, wide enough to read on a phone; None without an image."""
    if evidence.page not in images or not evidence.boxes:
        return None
    page = images[evidence.page]
    x0, x1 = min(b[0] for b in evidence.boxes), max(b[2] for b in evidence.boxes)
    y0, y1 = min(b[1] for b in evidence.boxes), max(b[3] for b in evidence.boxes)
    left = max(0.0, min(x0 - _MARGIN / 2, page.width - 320))
    right = min(page.width, max(x1 + _MARGIN / 2, left + 320))
    top, bottom = max(0.0, y0 - _MARGIN), min(page.height, y1 + _MARGIN)
    return Crop(evidence.page, left, top, right - left, bottom - top)


def _marks(prediction: Prediction) -> dict[int, list[tuple[str, list[float]]]]:
    """Return per page the boxes to draw and what each shows, every box once."""
    found: dict[int, dict[tuple[float, ...], str]] = {}
    for kind, evidence in _all_evidence(prediction):
        for box in evidence.boxes:
            found.setdefault(evidence.page, {}).setdefault(tuple(box), kind)
    return {page: [(kind, list(box)) for box, kind in boxes.items()] for page, boxes in found.items()}
