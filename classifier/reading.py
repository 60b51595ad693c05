"""Where a file goes in: its bytes are told apart by what they hold, not by their name, and become a `Document`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from classifier.document import Document, Format, Page
from classifier.errors import DamagedDocumentError, DocumentError, DocumentLimitError, UnsupportedFormatError
from classifier.pdf import DEFAULT_LIMITS, Limits, PdfReading

SUFFIXES: dict[str, Format] = {
    ".pdf": "pdf", ".docx": "docx", ".html": "html", ".htm": "html", ".md": "markdown", ".markdown": "markdown", ".txt": "text",
}  # fmt: skip
_KINDS = "PDF, DOCX, HTML, Markdown or plain text"
_MAX_TEXT_BYTES = 30 * 2**20

Progress = Callable[[int, int], None]


class Reading:
    """A document being read. A PDF's child process is at work from the moment this is made."""

    def __init__(
        self, path: Path, *, name: str | None = None, ocr: bool = True, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        # A file that is kept under another name is still called by its own in what is said of it.
        self.path, self.name = path, name or path.name
        data = _bytes(path, self.name, limits)
        self.digest = hashlib.sha256(data).hexdigest()
        self.format = detect_format(data, self.name)
        self._data = data
        self._pdf = PdfReading(path.resolve(), self.name, ocr=ocr, limits=limits) if self.format == "pdf" else None

    def document(self, progress: Progress | None = None) -> Document:
        """Wait for the pages and return the document."""
        pages = self._pdf.pages(progress) if self._pdf is not None else self._flowing_pages()
        return Document(self.digest, self.name, self.format, pages)

    def close(self) -> None:
        """Give the reading up."""
        if self._pdf is not None:
            self._pdf.close()

    def _flowing_pages(self) -> tuple[Page, ...]:
        if self.format == "docx":
            from classifier.formats.docx import read_docx

            return read_docx(self._data, self.name)
        if len(self._data) > _MAX_TEXT_BYTES:
            raise DocumentLimitError(self.name, f"is {len(self._data) / 2**20:.0f} MB of text", "split the file")
        text = _decoded(self._data, self.name)
        if self.format == "html":
            from classifier.formats.html import read_html

            return read_html(text)
        if self.format == "markdown":
            from classifier.formats.markdown import read_markdown

            return read_markdown(text)
        from classifier.formats.text import read_text

        return read_text(text)


def read_document(
    path: Path, *, ocr: bool = True, limits: Limits = DEFAULT_LIMITS, progress: Progress | None = None
) -> Document:
    """Read a file into a `Document`; raise a `DocumentError` that names the file, the reason and the next step."""
    return Reading(path, ocr=ocr, limits=limits).document(progress)


def _bytes(path: Path, name: str, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise UnsupportedFormatError(name, "is a folder", "name the files in it")
        if size > limits.max_bytes:
            raise DocumentLimitError(
                name,
                f"is {size / 2**20:.0f} MB, more than {limits.max_bytes // 2**20} MB",
                "compress or split the file",
            )
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(name, "does not exist", "check the path") from error
    except (OSError, ValueError) as error:
        raise DocumentError(
            name,
            f"cannot be opened ({getattr(error, 'strerror', None) or error})",
            "check the path and its permissions",
        ) from error
    if not data.strip():
        raise DamagedDocumentError(name, "is empty", "submit the file again")
    return data


def detect_format(data: bytes, name: str) -> Format:
    """Tell the format from the first bytes, and only for text from the file's name; raise where it is none we read."""
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        if b"word/" in data:
            return "docx"
        raise UnsupportedFormatError(name, "is an archive or an office file, but no Word document", f"submit {_KINDS}")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UnsupportedFormatError(
            name, "is in the old binary format of Word, or protected", "save it as .docx or PDF"
        )
    suffix = SUFFIXES.get(Path(name).suffix.lower())
    if suffix in ("pdf", "docx"):
        raise DamagedDocumentError(
            name,
            f"is named {Path(name).suffix} but does not hold one",
            "check the file, and submit it under its true name",
        )
    if _is_binary(data):
        raise UnsupportedFormatError(name, "is of no kind that can be read", f"submit {_KINDS}")
    head = data[:2000].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")) or b"<body" in head:
        return "html"
    if suffix is None:
        raise UnsupportedFormatError(
            name, "has a name that tells no format", f"submit {_KINDS}, named .pdf, .docx, .html, .md or .txt"
        )
    return suffix


def _is_binary(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return False
    head = data[:8000]
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head) - head.count(b"\x1b") - head.count(b"\x0c")
    return b"\x00" in head or controls > 0.05 * len(head)


def _decoded(data: bytes, name: str) -> str:
    encodings = ("utf-16",) if data.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DamagedDocumentError(name, "is text in no encoding that can be told", "save it anew as UTF-8")
