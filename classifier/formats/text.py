"""Plain text: paragraphs parted by blank lines, pages by form feeds."""

from __future__ import annotations

import re

from classifier.document import Page
from classifier.formats.writing import PageWriter

_BULLET = re.compile(r"^\s*(?:[•·▪►●○*+–-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s+")


def read_text(text: str) -> tuple[Page, ...]:
    """Return the pages of a plain text."""
    writer = PageWriter()
    pages = text.replace("\r\n", "\n").replace("\r", "\n").split("\f")
    for index, page in enumerate(pages):
        for paragraph in re.split(r"\n\s*\n", page):
            _write_paragraph(writer, [line for line in paragraph.split("\n") if line.strip()])
        if index < len(pages) - 1:
            writer.end_page()
    return writer.pages()


def _write_paragraph(writer: PageWriter, lines: list[str]) -> None:
    if len(lines) == 1 and looks_like_heading(lines[0]):
        writer.add("heading", lines[0], level=2 if lines[0].isupper() else 3)
        return
    run: list[str] = []
    listed = False
    for line in lines:
        if _BULLET.match(line):
            writer.add("list_item" if listed else "paragraph", " ".join(run))
            run, listed = [], True
        run.append(line)
    writer.add("list_item" if listed else "paragraph", " ".join(run))


def looks_like_heading(line: str) -> bool:
    """Tell whether a line that stands alone is a heading: short, begins with a capital or a number, ends without a stop."""
    line = line.strip()
    words = line.split()
    if not 1 <= len(words) <= 12 or not any(character.isalpha() for character in line) or line[-1] in ".,;:!":
        return False
    return (line.isupper() or line[0].isupper() or line[0].isdigit()) and not _BULLET.match(line[:2] + " ")
