"""Word files, by python-docx: paragraphs, lists and tables in order, pages where Word last broke them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from classifier.document import Page
from classifier.errors import DamagedDocumentError, DocumentLimitError
from classifier.formats.writing import PageWriter

_MAX_UNPACKED = 200 * 2**20
_MAX_RATIO = 200
_MAX_MEMBERS = 5000


def read_docx(data: bytes, name: str) -> tuple[Page, ...]:
    """Return a Word file's pages; raise where it is damaged or unpacks to far more than it weighs."""
    _check_archive(data, name)
    try:
        document = docx.Document(io.BytesIO(data))
        writer = PageWriter()
        for item in _items(document):
            if isinstance(item, Paragraph):
                _write_paragraph(writer, item)
            else:
                _write_table(writer, item)
        return writer.pages()
    except (
        KeyError,
        ValueError,
        AttributeError,
        TypeError,
        SyntaxError,
        zipfile.BadZipFile,
        NotImplementedError,
        RecursionError,
    ) as error:
        raise DamagedDocumentError(
            name, "is not a Word file that can be opened", "open it in Word and save it anew as .docx"
        ) from error


def _items(document: WordDocument) -> Iterator[Paragraph | Table]:
    yield from document.iter_inner_content()


def _check_archive(data: bytes, name: str) -> None:
    """Refuse an archive bomb by what its directory claims; `zipfile` stops at the claimed size when it unpacks."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise DamagedDocumentError(
            name, "is not a Word file that can be opened", "open it in Word and save it anew as .docx"
        ) from error
    unpacked = sum(member.file_size for member in members)
    worst = max(
        (member.file_size / max(member.compress_size, 1) for member in members if member.file_size > 2**20),
        default=0,
    )
    if unpacked > _MAX_UNPACKED or worst > _MAX_RATIO or len(members) > _MAX_MEMBERS:
        raise DocumentLimitError(
            name,
            f"unpacks to {unpacked / 2**20:.0f} MB from {len(data) / 2**20:.1f} MB, more than a document does",
            "save it anew as .docx without embedded files",
        )


def _write_paragraph(writer: PageWriter, paragraph: Paragraph) -> None:
    if _breaks_page(paragraph):
        writer.end_page()
    style = (paragraph.style.name or "").lower() if paragraph.style is not None else ""
    text = paragraph.text
    if match := re.match(r"heading (\d)", style):
        writer.add("heading", text, int(match[1]))
    elif style in ("title", "subtitle"):
        writer.add("heading", text, 1)
    elif "toc" in style.split():
        writer.add("contents", text)
    elif "list" in style or (paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None):
        writer.add("list_item", f"• {text}" if text.strip() else "")
    elif _all_bold(paragraph):
        writer.add("heading", text, 7)
    else:
        writer.add("paragraph", text)


def _breaks_page(paragraph: Paragraph) -> bool:
    """Tell whether Word broke the page at or before this paragraph; a break inside it moves it whole."""
    if paragraph._p.findall(f".//{qn('w:lastRenderedPageBreak')}"):
        return True
    return any(mark.get(qn("w:type")) == "page" for mark in paragraph._p.findall(f".//{qn('w:br')}"))


def _all_bold(paragraph: Paragraph) -> bool:
    runs = [run for run in paragraph.runs if run.text.strip()]
    words = paragraph.text.split()
    return (
        bool(runs)
        and all(run.bold for run in runs)
        and len(words) <= 16
        and not paragraph.text.rstrip().endswith((".", ",", ";"))
    )


def _write_table(writer: PageWriter, table: Table) -> None:
    for row in table.rows:
        cells: list[str] = []
        seen: set[int] = set()
        for cell in row.cells:
            # A merged cell is handed over once per column it spans.
            if id(cell._tc) not in seen:
                seen.add(id(cell._tc))
                cells.append(re.sub(r"\s+", " ", cell.text).strip())
        writer.add("table_row", " | ".join(cell for cell in cells if cell))
