"""What a file becomes once read: pages of text in reading order, and passages with their place on the page.

Offsets are Unicode code points into `Page.text`, half-open `[start, end)`. Pages are numbered from 1. Boxes are in
points (1/72 inch) from the top left corner of the page.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Format = Literal["pdf", "docx", "html", "markdown", "text"]
BlockKind = Literal["heading", "paragraph", "list_item", "table_row", "furniture", "contents"]
# `ocr`: read by text recognition; `needs_ocr`: an image of words, and no recognition at hand; `damaged`: cannot be opened.
PageState = Literal["text", "ocr", "needs_ocr", "damaged", "blank"]
SectionRole = Literal["summary", "vision", "priority", "principle", "other"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in points from the top left."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (self.x0 <= self.x1 and self.y0 <= self.y1):
            raise ValueError(
                f"box ({self.x0}, {self.y0}, {self.x1}, {self.y1}) is inside out: x0 <= x1 and y0 <= y1 must hold"
            )

    def as_list(self) -> list[float]:
        """Return `[x0, y0, x1, y1]` in points, to a hundredth."""
        return [round(value, 2) for value in (self.x0, self.y0, self.x1, self.y1)]


@dataclass(frozen=True, slots=True)
class Block:
    """A run of a page's text that the layout holds together.

    `level` is the depth of a heading from 1 (the title); 0 for anything else.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"block [{self.start}, {self.end}) is empty or negative: 0 <= start < end must hold")


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its text in reading order, the blocks it is made of and, for PDF, a box for every code point.

    `boxes` has shape (len(text), 4); characters that were never drawn (the breaks between lines) have NaN there.
    """

    number: int
    text: str
    blocks: tuple[Block, ...]
    state: PageState = "text"
    width: float | None = None
    height: float | None = None
    boxes: NDArray[np.float32] | None = field(default=None, repr=False, compare=False)
    # Spans of text that nobody sees on the page, though a program reads it.
    hidden: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.number < 1:
            raise ValueError(f"page number {self.number}: pages are numbered from 1")
        if self.boxes is not None and self.boxes.shape != (len(self.text), 4):
            raise ValueError(f"boxes of shape {self.boxes.shape} do not match {len(self.text)} code points of text")
        if self.blocks and self.blocks[-1].end > len(self.text):
            raise ValueError(f"last block ends at {self.blocks[-1].end}, after the text's end at {len(self.text)}")

    @property
    def readable(self) -> bool:
        """Whether the page's words, if it has any, could be read."""
        return self.state not in ("needs_ocr", "damaged")

    def hidden_in(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return what of the span `[start, end)` cannot be seen on the page."""
        return [(max(a, start), min(b, end)) for a, b in self.hidden if a < end and start < b]

    def boxes_of(self, start: int, end: int) -> tuple[Box, ...]:
        """Return one box per printed line of the span `[start, end)`, clipped to the page; empty where no boxes are kept."""
        if self.boxes is None or self.width is None or self.height is None:
            return ()
        drawn = self.boxes[start:end]
        drawn = drawn[~np.isnan(drawn[:, 0])]
        lines: list[list[float]] = []
        for x0, y0, x1, y1 in drawn.tolist():
            if lines and _same_line(lines[-1], x0, y0, y1):
                last = lines[-1]
                last[1], last[2], last[3] = min(last[1], y0), max(last[2], x1), max(last[3], y1)
            else:
                lines.append([x0, y0, x1, y1])
        return tuple(box for line in lines if (box := self._clipped(line)) is not None)

    def _clipped(self, line: list[float]) -> Box | None:
        assert self.width is not None
        assert self.height is not None
        x0, x1 = max(0.0, line[0]), min(self.width, line[2])
        y0, y1 = max(0.0, line[1]), min(self.height, line[3])
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def _same_line(line: list[float], x0: float, y0: float, y1: float) -> bool:
    """Tell whether a character box continues a line: heights overlap by half, no step back, no leap over a column gap."""
    overlap = min(line[3], y1) - max(line[1], y0)
    height = min(line[3] - line[1], y1 - y0)
    return overlap > 0.5 * height and -height < x0 - line[2] < 3 * max(height, 1.0)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has been read. `digest` is the SHA-256 of its bytes, in hexadecimal."""

    digest: str
    name: str
    format: Format
    pages: tuple[Page, ...]

    @property
    def unread_pages(self) -> tuple[int, ...]:
        """Numbers of the pages whose words could not be read (scanned, with no text recognition at hand)."""
        return tuple(page.number for page in self.pages if not page.readable)

    @property
    def words(self) -> int:
        """How many words were read, over all pages."""
        return sum(len(page.text.split()) for page in self.pages)

    def page(self, number: int) -> Page:
        """Return the page of that number, from 1."""
        if not 1 <= number <= len(self.pages):
            raise IndexError(f"page {number} of {self.name}: the document has pages 1 to {len(self.pages)}")
        return self.pages[number - 1]


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, a list with its lead-in or a table row: the unit that is labelled. Codebook, part B.

    `text` is exactly `page.text[start:end]`. `headings` is the path of headings above it, outermost first.
    """

    id: str
    page: int
    start: int
    end: int
    text: str
    headings: tuple[str, ...] = ()
    role: SectionRole = "other"

    def __post_init__(self) -> None:
        if self.end - self.start != len(self.text):
            raise ValueError(
                f"passage [{self.start}, {self.end}) holds {len(self.text)} code points: text and span must agree"
            )

    @property
    def heading(self) -> str:
        """The heading path as one string, outermost first."""
        return " > ".join(self.headings)

    @property
    def nearest_heading(self) -> str:
        """The innermost heading: what the passage model is shown beside the text."""
        return self.headings[-1] if self.headings else ""


def passage_id(digest: str, page: int, start: int, end: int) -> str:
    """Name a passage by its place: the first 16 hexadecimal digits of the SHA-256 of a JSON list."""
    return hashlib.sha256(json.dumps([digest, page, start, end]).encode()).hexdigest()[:16]
