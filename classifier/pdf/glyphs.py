"""Words of a PDF page with a box for every character, as PDFium reports them.

Runs in the child process only: PDFium is native code fed with hostile input.
"""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from classifier.pdf.sight import Sight
from classifier.pdf.words import CharacterBox, Rule, Word

# PDFium hands a line-breaking hyphen over as U+0002; U+00AD is a soft hyphen.
_HYPHENS = {0x0002, 0x00AD}
# Dingbats and private-use glyphs that word processors use as bullets.
_BULLET_GLYPHS = {
    0xF0B7,
    0xF0A7,
    0xF0D8,
    0xF0FC,
    0xF076,
    0xF02D,
    0x25CF,
    0x25AA,
    0x25A0,
    0x25E6,
    0x2023,
    0x2043,
    0x27A2,
    0x2756,
    0x25BA,
    0x2714,
}
_SCALE = 1000


class _ToTopLeft:
    """The affine map from a page's user space to points from the top left of the page as it is shown."""

    def __init__(self, page: Any, width: float, height: float) -> None:
        origin, right, up = (
            self._device(page, width, height, x, y) for x, y in ((0.0, 0.0), (100.0, 0.0), (0.0, 100.0))
        )
        self.ox, self.oy = origin
        self.ax, self.ay = (right[0] - self.ox) / 100, (right[1] - self.oy) / 100
        self.bx, self.by = (up[0] - self.ox) / 100, (up[1] - self.oy) / 100

    @staticmethod
    def _device(page: Any, width: float, height: float, x: float, y: float) -> tuple[float, float]:
        device_x, device_y = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(
            page,
            0,
            0,
            round(width * _SCALE),
            round(height * _SCALE),
            0,
            x,
            y,
            ctypes.byref(device_x),
            ctypes.byref(device_y),
        )
        return device_x.value / _SCALE, device_y.value / _SCALE

    def point(self, x: float, y: float) -> tuple[float, float]:
        return self.ox + self.ax * x + self.bx * y, self.oy + self.ay * x + self.by * y

    def vector(self, x: float, y: float) -> tuple[float, float]:
        return self.ax * x + self.bx * y, self.ay * x + self.by * y

    def box(self, left: float, bottom: float, right: float, top: float) -> CharacterBox:
        (xa, ya), (xb, yb) = self.point(left, bottom), self.point(right, top)
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)


def _as_text(code: int) -> str:
    if code in _HYPHENS:
        return "\u00ad"
    if code in _BULLET_GLYPHS:
        return "•"
    if code < 0x20 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return ""
    character = chr(code)
    if unicodedata.category(character) in ("Co", "Cn", "Cf"):
        return ""
    return unicodedata.normalize("NFKC", character) if code > 0x7F and not character.isspace() else character


class TooManyCharactersError(Exception):
    """A page holds more characters than a page can."""


def read_words(page: pdfium.PdfPage, max_characters: int) -> list[Word]:
    """Return a page's words in the order of its content stream; pieces set askew are joined to words where they touch.

    Raises `TooManyCharactersError` rather than leave any out.
    """
    text_page = page.get_textpage()
    count = text_page.count_chars()
    if count > max_characters:
        raise TooManyCharactersError(f"holds {count} characters, more than {max_characters}")
    to_top_left = _ToTopLeft(page.raw, *page.get_size())
    styles = _Styles(text_page.raw, to_top_left)
    sight = Sight(page, text_page.raw, to_top_left.box)
    rect = pdfium_c.FS_RECTF()
    by_rect = ctypes.byref(rect)
    words: list[Word] = []
    letters: list[str] = []
    boxes: list[CharacterBox] = []
    first = 0
    for index, text in _characters(text_page.raw, count):
        box = None
        if text and pdfium_c.FPDFText_GetLooseCharBox(text_page.raw, index, by_rect):
            box = to_top_left.box(rect.left, rect.bottom, rect.right, rect.top)
        if letters and (not text or (box is not None and _breaks(boxes[-1], box))):
            _add(words, _word(first, letters, boxes, styles, sight))
            letters, boxes = [], []
        if box is not None:
            first = first if letters else index
            letters.extend(text)
            boxes.extend([box] * len(text))
    if letters:
        _add(words, _word(first, letters, boxes, styles, sight))
    text_page.close()
    sight.spare_the_words_of_a_scan(words)
    return words


def _characters(raw: Any, count: int) -> Iterator[tuple[int, str]]:
    """Yield index and text of each character; empty text is a space, and what draws nothing is left out."""
    high = 0
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(raw, index)
        if 0xD800 <= code <= 0xDBFF:
            high = code
            continue
        if 0xDC00 <= code <= 0xDFFF and high:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00)
        high = 0
        text = _as_text(code)
        if text or code < 0x20:
            yield index, "".join(text.split())  # NFKC may bring a space with it


def _add(words: list[Word], word: Word) -> None:
    if words and _touch_askew(words[-1], word):
        words[-1] = _joined(words[-1], word)
    else:
        words.append(word)


def _breaks(last: CharacterBox, box: CharacterBox) -> bool:
    """Tell whether a character stands apart from the one before it: another line, a step back, or a gap."""
    height = max(last[3] - last[1], 1.0)
    overlap = min(last[3], box[3]) - max(last[1], box[1])
    return overlap < 0.4 * height or box[0] - last[2] > 0.9 * height or box[0] < last[0] - 0.3 * height


# A line's height above and below its baseline, as a share of the font size; PDFium's own "loose" boxes overlap the
# neighbouring lines in fonts with generous metrics.
_ASCENT, _DESCENT = 0.78, 0.24


class _Styles:
    """How the text objects of a page are set: PDFium tells it per character, but all characters of an object share it."""

    def __init__(self, raw: Any, to_top_left: _ToTopLeft) -> None:
        self._raw, self._to_top_left = raw, to_top_left
        self._known: dict[int | None, tuple[bool, bool, float, float]] = {}

    def at(self, index: int) -> tuple[bool, bool, float, float]:
        """Return, for the object of a character: bold, upright, font size and height of the baseline in points."""
        owner = ctypes.cast(pdfium_c.FPDFText_GetTextObject(self._raw, index), ctypes.c_void_p).value
        if owner is None:
            return self._read(index)
        if owner not in self._known:
            self._known[owner] = self._read(index)
        return self._known[owner]

    def _read(self, index: int) -> tuple[bool, bool, float, float]:
        matrix = pdfium_c.FS_MATRIX()
        x, y = ctypes.c_double(), ctypes.c_double()
        bold = _bold_by_name(self._raw, index)
        if not pdfium_c.FPDFText_GetMatrix(self._raw, index, matrix):
            return bold, True, 0.0, 0.0
        if not pdfium_c.FPDFText_GetCharOrigin(self._raw, index, x, y):
            return bold, True, 0.0, 0.0
        along = self._to_top_left.vector(matrix.a, matrix.b)
        across = abs(complex(*self._to_top_left.vector(matrix.c, matrix.d)))
        size = pdfium_c.FPDFText_GetFontSize(self._raw, index) * across
        return bold, along[0] > 5 * abs(along[1]), size, self._to_top_left.point(x.value, y.value)[1]


def _word(index: int, letters: list[str], boxes: list[CharacterBox], styles: _Styles, sight: Sight) -> Word:
    bold, upright, size, base = styles.at(index)
    # Told from the boxes as PDFium draws them.
    hidden = sight.hides(index, size, boxes)
    if upright and 1.0 < size < 400.0:
        y0, y1 = base - _ASCENT * size, base + _DESCENT * size
        boxes = [(box[0], y0, box[2], y1) for box in boxes]
    xs0, ys0, xs1, ys1 = zip(*boxes, strict=True)
    return Word("".join(letters), boxes, min(xs0), min(ys0), max(xs1), max(ys1), bold, upright, hidden)


def _touch_askew(last: Word, word: Word) -> bool:
    """Tell whether two pieces set vertically or along a curve are letters of one word."""
    if last.upright or word.upright:
        return False
    a, b = last.boxes[-1], word.boxes[0]
    reach = 0.25 * max(a[2] - a[0], a[3] - a[1])
    return max(a[0], b[0]) - min(a[2], b[2]) < reach and max(a[1], b[1]) - min(a[3], b[3]) < reach


def _joined(last: Word, word: Word) -> Word:
    boxes = last.boxes + word.boxes
    xs0, ys0, xs1, ys1 = zip(*boxes, strict=True)
    return Word(
        last.text + word.text,
        boxes,
        min(xs0),
        min(ys0),
        max(xs1),
        max(ys1),
        last.bold,
        upright=False,
        hidden=last.hidden or word.hidden,
    )


def _bold_by_name(raw: Any, index: int) -> bool:
    """Tell from the font's name; many embedded fonts carry no weight."""
    buffer = ctypes.create_string_buffer(128)
    flags = ctypes.c_int()
    length = pdfium_c.FPDFText_GetFontInfo(raw, index, buffer, 128, ctypes.byref(flags))
    name = buffer.value[:length].lower()
    return any(part in name for part in (b"bold", b"black", b"heavy", b"semibold", b"demi"))


def read_rules(page: pdfium.PdfPage, max_objects: int = 3000) -> list[Rule]:
    """Return the horizontal and vertical rules drawn on a page, and the edges of its boxes as rules."""
    width, height = page.get_size()
    to_top_left = _ToTopLeft(page.raw, width, height)
    rules: list[Rule] = []
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page.raw), max_objects)):
        drawn = pdfium_c.FPDFPage_GetObject(page.raw, index)
        if pdfium_c.FPDFPageObj_GetType(drawn) != pdfium_c.FPDF_PAGEOBJ_PATH:
            continue
        if not pdfium_c.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
            continue
        x0, y0, x1, y1 = to_top_left.box(left.value, bottom.value, right.value, top.value)
        if x1 - x0 > 20 and y1 - y0 < 2.5:
            rules.append(Rule(x0, y0, x1, y1))
        elif (
            10 < y1 - y0 < 0.8 * height and 20 < x1 - x0 < 0.98 * width and pdfium_c.FPDFPath_CountSegments(drawn) <= 6
        ):
            rules += [Rule(x0, y0, x1, y0), Rule(x0, y1, x1, y1)]
    return rules
