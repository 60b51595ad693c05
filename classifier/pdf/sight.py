"""Which words of a PDF page nobody sees: drawn with nothing, tiny, outside the page, or white on white. A program reads them all the same.

Runs in the child process only: PDFium is native code fed with hostile input.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from classifier.pdf.words import CharacterBox, Word

# Smaller print than this is not read on paper, nor on a screen without being looked for.
_TINY = 3.0
_WHITE = 245
_MOST_OBJECTS = 3000
# Where nearly all words of a page with an image are drawn with nothing, they are the text layer of a scan.
_NEARLY_ALL = 0.8


class Sight:
    """How words of one page are drawn. `place` turns PDFium's bounds (left, bottom, right, top) into a box from the top left."""

    def __init__(self, page: pdfium.PdfPage, text_page: Any, place: Callable[..., CharacterBox]) -> None:
        self._page, self._text_page, self._place = page, text_page, place
        self._size = page.get_size()
        self._drawn: dict[int | None, tuple[bool, bool]] = {}
        self._unpainted: list[int] = []
        self._words = 0

    def hides(self, index: int, size: float, boxes: Sequence[CharacterBox]) -> bool:
        """Tell whether the word that begins at a character cannot be seen; `size` is that of its font in points, 0 where unknown."""
        self._words += 1
        unpainted, white = self._style(index)
        if unpainted:
            self._unpainted.append(self._words)
        return unpainted or 0.0 < size < _TINY or self._outside(boxes) or (white and not self._on_colour(boxes))

    def spare_the_words_of_a_scan(self, words: Sequence[Word]) -> None:
        """Let the text layer of a scanned page count as seen: it says what the image shows."""
        if self._words and len(self._unpainted) >= _NEARLY_ALL * self._words and self._has_image:
            for word in words:
                word.hidden = False

    def _style(self, index: int) -> tuple[bool, bool]:
        """Return whether the text object of a character is drawn with nothing, and whether in white; known once for all its characters."""
        drawn = pdfium_c.FPDFText_GetTextObject(self._text_page, index)
        owner = ctypes.cast(drawn, ctypes.c_void_p).value
        if owner is None or owner not in self._drawn:
            red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
            known = pdfium_c.FPDFText_GetFillColor(self._text_page, index, red, green, blue, alpha)
            mode = pdfium_c.FPDFTextObj_GetTextRenderMode(drawn) if owner is not None else -1
            nothing = mode in (pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP)
            filled = mode in (-1, pdfium_c.FPDF_TEXTRENDERMODE_FILL)
            white = bool(known) and filled and min(red.value, green.value, blue.value) >= _WHITE
            self._drawn[owner] = (nothing or (bool(known) and filled and alpha.value == 0), white)
        return self._drawn[owner]

    def _outside(self, boxes: Sequence[CharacterBox]) -> bool:
        x, y = _middle(boxes)
        return not (0 <= x <= self._size[0] and 0 <= y <= self._size[1])

    def _on_colour(self, boxes: Sequence[CharacterBox]) -> bool:
        x, y = _middle(boxes)
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self._coloured)

    @cached_property
    def _coloured(self) -> list[CharacterBox]:
        """The places where something that is not white is painted; looked for only on pages with white words."""
        found = []
        for drawn in self._objects():
            kind = pdfium_c.FPDFPageObj_GetType(drawn)
            if kind == pdfium_c.FPDF_PAGEOBJ_TEXT or (kind == pdfium_c.FPDF_PAGEOBJ_PATH and _is_white(drawn)):
                continue
            left, bottom, right, top = (ctypes.c_float() for _ in range(4))
            if pdfium_c.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
                found.append(self._place(left.value, bottom.value, right.value, top.value))
        return found

    @property
    def _has_image(self) -> bool:
        return any(pdfium_c.FPDFPageObj_GetType(drawn) == pdfium_c.FPDF_PAGEOBJ_IMAGE for drawn in self._objects())

    def _objects(self) -> list[Any]:
        count = min(pdfium_c.FPDFPage_CountObjects(self._page.raw), _MOST_OBJECTS)
        return [pdfium_c.FPDFPage_GetObject(self._page.raw, index) for index in range(count)]


def _middle(boxes: Sequence[CharacterBox]) -> tuple[float, float]:
    first, last = boxes[0], boxes[-1]
    return (first[0] + last[2]) / 2, (first[1] + last[3]) / 2


def _is_white(drawn: Any) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    known = pdfium_c.FPDFPageObj_GetFillColor(drawn, red, green, blue, alpha)
    return bool(known) and min(red.value, green.value, blue.value) >= _WHITE
