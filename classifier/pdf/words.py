"""What layout starts from: words with their boxes, and the rules drawn between them. Points from the top left of the page."""

from __future__ import annotations

from dataclasses import dataclass

CharacterBox = tuple[float, float, float, float]


@dataclass(slots=True)
class Word:
    """A run of characters without a space. `boxes` holds (x0, y0, x1, y1) per character, in points from the top left."""

    text: str
    boxes: list[CharacterBox]
    x0: float
    y0: float
    x1: float
    y1: float
    bold: bool
    upright: bool = True
    # Whether nobody sees it on the page: drawn with nothing, tiny, outside the page, or white on white.
    hidden: bool = False

    @property
    def size(self) -> float:
        """Height of the line in points; close to the font size."""
        return self.y1 - self.y0


@dataclass(slots=True)
class Rule:
    """A thin drawn line, in points from the top left: what tables are ruled with."""

    x0: float
    y0: float
    x1: float
    y1: float
