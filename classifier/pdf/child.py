"""The child process that touches PDF files: reads, renders and annotates them under hard limits.

Run as `python -m classifier.pdf.child`. A request comes as one JSON object on standard input; the answer goes to
standard output as frames (see `classifier.pdf.frames`). The parent trusts nothing but the frames.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import resource
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from classifier.document import Page
from classifier.pdf.assembly import Vocabulary, assemble
from classifier.pdf.blocks import DraftPage, draft_page, mark_blocks
from classifier.pdf.frames import write_frame
from classifier.pdf.glyphs import TooManyCharactersError, read_rules, read_words
from classifier.pdf.lines import read_regions
from classifier.pdf.recognition import recognise, tesseract
from classifier.pdf.words import Word

# A page of small print holds some 10,000.
_MAX_CHARACTERS = 200_000


class _RefusedError(Exception):
    """The file cannot be read, for a reason that has a name."""

    def __init__(self, kind: str, reason: str) -> None:
        self.kind, self.reason = kind, reason


def _limit(memory_mb: int, cpu_seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _open(path: str, max_pages: int) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise _RefusedError("encrypted", "is protected by a password") from error
        raise _RefusedError("damaged", "is not a PDF that can be opened") from error
    pages = len(document)
    if pages == 0:
        raise _RefusedError("damaged", "has no pages")
    if pages > max_pages:
        raise _RefusedError("limit", f"has {pages} pages, more than the limit of {max_pages}")
    return document


def _read(request: dict[str, Any], out: BinaryIO) -> None:
    document = _open(request["path"], request["max_pages"])
    program = tesseract() if request["ocr"] else None
    drafts: list[DraftPage] = []
    states: list[str] = []
    for number in range(1, len(document) + 1):
        draft, state = _draft(document, number, program, out)
        drafts.append(draft)
        states.append(state)
        write_frame(out, json.dumps({"read": number, "of": len(document)}).encode())
    mark_blocks(drafts)
    vocabulary = Vocabulary(drafts)
    for draft, state in zip(drafts, states, strict=True):
        _send(out, assemble(draft, vocabulary), state)


def _draft(document: pdfium.PdfDocument, number: int, program: str | None, out: BinaryIO) -> tuple[DraftPage, str]:
    try:
        page = document[number - 1]
    except pdfium.PdfiumError:
        return DraftPage(number, 595.0, 842.0, []), "damaged"
    width, height = page.get_size()
    try:
        words = read_words(page, _MAX_CHARACTERS)
    except TooManyCharactersError as error:
        raise _RefusedError("limit", f"page {number} {error}") from error
    state = "text" if words else "blank"
    if _is_image_of_words(page, words):
        state = "needs_ocr"
        if program is not None:
            write_frame(out, json.dumps({"recognising": number}).encode())
            recognised = recognise(page, program)
            if recognised or words:
                words, state = recognised or words, "ocr"
            else:
                state = "blank"
    rules = read_rules(page) if state == "text" else []
    if state == "needs_ocr" and not _letters(words):
        words = []
    draft = draft_page(number, width, height, read_regions(words, rules))
    page.close()
    return draft, state


def _letters(words: list[Word]) -> int:
    return sum(character.isalpha() for word in words for character in word.text)


def _is_image_of_words(page: pdfium.PdfPage, words: list[Word]) -> bool:
    """Tell whether a page may hold words that PDFium cannot hand over: a scan, outlined letters, or letters without a meaning."""
    # Dot leaders and figures say nothing about whether letters have a meaning.
    characters = sum(not (character in "._…-–—•" or character.isdigit()) for word in words for character in word.text)
    if characters > 60:
        return _letters(words) < 0.3 * characters
    width, height = page.get_size()
    covered, paths = 0.0, 0
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for index in range(min(pdfium_c.FPDFPage_CountObjects(page.raw), 2000)):
        drawn = pdfium_c.FPDFPage_GetObject(page.raw, index)
        kind = pdfium_c.FPDFPageObj_GetType(drawn)
        if kind == pdfium_c.FPDF_PAGEOBJ_PATH:
            paths += 1
        elif kind in (
            pdfium_c.FPDF_PAGEOBJ_IMAGE,
            pdfium_c.FPDF_PAGEOBJ_FORM,
        ) and pdfium_c.FPDFPageObj_GetBounds(drawn, left, bottom, right, top):
            covered = max(covered, (right.value - left.value) * (top.value - bottom.value) / max(width * height, 1.0))
    return covered > (0.05 if not words else 0.5) or (not words and paths > 150)


def _send(out: BinaryIO, page: Page, state: str) -> None:
    assert page.boxes is not None
    blocks = [[block.kind, block.start, block.end, block.level] for block in page.blocks]
    head = {
        "number": page.number,
        "text": page.text,
        "blocks": blocks,
        "state": state,
        "width": page.width,
        "height": page.height,
        "hidden": page.hidden,
    }
    write_frame(out, json.dumps({"page": head}).encode())
    write_frame(out, page.boxes.tobytes())


def _page(document: pdfium.PdfDocument, number: int) -> pdfium.PdfPage:
    if not 1 <= number <= len(document):
        raise _RefusedError("page", f"has {len(document)} pages, and no page {number}")
    try:
        return document[number - 1]
    except pdfium.PdfiumError as error:
        raise _RefusedError("damaged", f"has a page {number} that cannot be opened") from error


def _render(request: dict[str, Any], out: BinaryIO) -> None:
    document = _open(request["path"], request["max_pages"])
    for number in request["pages"]:
        page = _page(document, number)
        width, height = page.get_size()
        scale = min(request["width"] / max(width, 1.0), 3000 / max(width, height, 1.0))
        image = io.BytesIO()
        page.render(scale=scale).to_pil().convert("RGB").save(image, request["image"], quality=72)
        write_frame(out, json.dumps({"image": number, "width": width, "height": height}).encode())
        write_frame(out, image.getvalue())
        page.close()


def _annotate(request: dict[str, Any], out: BinaryIO) -> None:
    document = _open(request["path"], request["max_pages"])
    for note in request["notes"]:
        page = document[note["page"] - 1]
        _highlight(page, note)
        page.close()
    buffer = io.BytesIO()
    document.save(buffer)
    write_frame(out, json.dumps({"pdf": len(buffer.getvalue())}).encode())
    write_frame(out, buffer.getvalue())


def _highlight(page: pdfium.PdfPage, note: dict[str, Any]) -> None:
    """Add one highlight annotation over a note's boxes, with the note's text."""
    to_page = _FromTopLeft(page)
    annotation = pdfium_c.FPDFPage_CreateAnnot(page.raw, pdfium_c.FPDF_ANNOT_HIGHLIGHT)
    red, green, blue = note["colour"]
    pdfium_c.FPDFAnnot_SetColor(annotation, pdfium_c.FPDFANNOT_COLORTYPE_Color, red, green, blue, 110)
    corners = []
    for box in note["boxes"]:
        left, bottom, right, top = to_page.rectangle(*box)
        corners += [(left, bottom), (right, top)]
        quad = pdfium_c.FS_QUADPOINTSF(left, top, right, top, left, bottom, right, bottom)
        pdfium_c.FPDFAnnot_AppendAttachmentPoints(annotation, quad)
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    pdfium_c.FPDFAnnot_SetRect(annotation, pdfium_c.FS_RECTF(min(xs), max(ys), max(xs), min(ys)))
    for key, text in ((b"Contents", note["text"]), (b"T", "prevention classifier")):
        encoded = (text + "\0").encode("utf-16-le")
        pdfium_c.FPDFAnnot_SetStringValue(
            annotation, key, ctypes.cast(ctypes.create_string_buffer(encoded), pdfium_c.FPDF_WIDESTRING)
        )
    pdfium_c.FPDFAnnot_SetFlags(annotation, pdfium_c.FPDF_ANNOT_FLAG_PRINT)
    pdfium_c.FPDFPage_CloseAnnot(annotation)


class _FromTopLeft:
    """The map from points from the top left of the page, as shown, back to its user space."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.page, (self.width, self.height) = page, page.get_size()

    def rectangle(self, x0: float, y0: float, x1: float, y1: float) -> tuple[float, float, float, float]:
        xa, ya = self._point(x0, y0)
        xb, yb = self._point(x1, y1)
        return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        page_x, page_y = ctypes.c_double(), ctypes.c_double()
        scale = 100
        pdfium_c.FPDF_DeviceToPage(
            self.page.raw, 0, 0, round(self.width * scale), round(self.height * scale), 0, round(x * scale), round(y * scale),
            ctypes.byref(page_x), ctypes.byref(page_y),
        )  # fmt: skip
        return page_x.value, page_y.value


def _output() -> BinaryIO:
    """Keep standard output for frames alone: whatever native code prints goes to standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def _operations() -> Iterator[tuple[str, Any]]:
    yield "read", _read
    yield "render", _render
    yield "annotate", _annotate


def main() -> int:
    """Carry out one request."""
    request = json.loads(sys.stdin.buffer.readline())
    out = _output()
    _limit(request["memory_mb"], request["cpu_seconds"])
    try:
        dict(_operations())[request["operation"]](request, out)
        write_frame(out, json.dumps({"done": True}).encode())
    except _RefusedError as refused:
        write_frame(out, json.dumps({"refused": refused.kind, "reason": refused.reason}).encode())
    except (MemoryError, RecursionError):
        write_frame(
            out,
            json.dumps({"refused": "limit", "reason": f"needs more than {request['memory_mb']} MB of memory"}).encode(),
        )
    out.flush()
    # Destructors of a damaged document have been seen to abort; the answer is out, so leave at once.
    os._exit(0)


if __name__ == "__main__":
    main()
