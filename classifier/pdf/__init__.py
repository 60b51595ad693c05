"""PDF files: read into pages, rendered to images, written again with highlights. Always in a child process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifier.document import Block, Box, Page
from classifier.pdf.sandbox import DEFAULT_LIMITS, Limits, PdfProcess

__all__ = ["DEFAULT_LIMITS", "Highlight", "Limits", "PdfReading", "RenderedPage", "annotate_pdf", "render_pages"]


class PdfReading:
    """A PDF being read by its child process from the moment this is made, so that other work can go on meanwhile."""

    def __init__(self, path: Path, name: str, *, ocr: bool = True, limits: Limits = DEFAULT_LIMITS) -> None:
        self._process = PdfProcess("read", path, name, limits, ocr=ocr)

    def pages(self, progress: Callable[[int, int], None] | None = None) -> tuple[Page, ...]:
        """Return all pages in order; call `progress(pages read, of)` as they come."""
        found: list[Page] = []
        for head, payload in self._process.frames():
            if "read" in head and progress is not None:
                progress(head["read"], head["of"])
            if "page" in head:
                page = head["page"]
                blocks = tuple(Block(kind, start, end, level) for kind, start, end, level in page.pop("blocks"))
                boxes = np.frombuffer(payload, dtype=np.float32).reshape(-1, 4)
                hidden = tuple((start, end) for start, end in page.pop("hidden"))
                found.append(Page(blocks=blocks, boxes=boxes, hidden=hidden, **page))
        return tuple(found)

    def close(self) -> None:
        """Give the reading up."""
        self._process.close()


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """A page as an image file, with the page's number and its size in points."""

    number: int
    width: float
    height: float
    image: bytes


def render_pages(
    path: Path,
    name: str,
    pages: Sequence[int],
    *,
    width: int = 1000,
    image: str = "WEBP",
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[RenderedPage]:
    """Yield each page asked for, rendered `width` pixels wide."""
    process = PdfProcess("render", path, name, limits, pages=list(pages), width=width, image=image)
    for head, payload in process.frames():
        if "image" in head:
            yield RenderedPage(head["image"], head["width"], head["height"], payload)


@dataclass(frozen=True, slots=True)
class Highlight:
    """One highlight to write into a PDF: boxes on one page in points from the top left, a colour (0 to 255) and a note."""

    page: int
    boxes: tuple[Box, ...]
    colour: tuple[int, int, int]
    text: str


def annotate_pdf(path: Path, name: str, highlights: Sequence[Highlight], *, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return the PDF's bytes with the highlights added as annotations."""
    notes = [
        {"page": h.page, "boxes": [box.as_list() for box in h.boxes], "colour": h.colour, "text": h.text}
        for h in highlights
        if h.boxes
    ]
    process = PdfProcess("annotate", path, name, limits, notes=notes)
    result = b""
    for head, payload in process.frames():
        if "pdf" in head:
            result = payload
    return result
