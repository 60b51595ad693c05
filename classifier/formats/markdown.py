"""Markdown, by markdown-it; a paragraph that is bold from end to end counts as a heading, as exports from PDF write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from classifier.document import Page
from classifier.formats.writing import PageWriter

_BOLD_ONLY = re.compile(r"^(?:\*\*[^*]+\*\*\s*)+$")
_BOLD_LEVEL = 7
# Two words at least: a lone "FALLS" may be a label of a chart.
_SHOUTED = re.compile(r"^[^a-z]*[A-Z]{2,}[^a-z]*[ ][^a-z]*[A-Z]{2,}[^a-z.,;]*$")
_SHOUTED_LEVEL = 6
_HEADING_WORDS = 12


def read_markdown(text: str) -> tuple[Page, ...]:
    """Return the pages of a Markdown text, parted by form feeds."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    writer = PageWriter()
    pages = text.replace("\r\n", "\n").split("\f")
    for index, page in enumerate(pages):
        _write(writer, parser.parse(page))
        if index < len(pages) - 1:
            writer.end_page()
    return writer.pages()


def _write(writer: PageWriter, tokens: list[Token]) -> None:
    heading = 0
    depth = 0
    cells: list[str] = []
    in_row = False
    for token in tokens:
        match token.type:
            case "heading_open":
                heading = int(token.tag[1])
            case "heading_close":
                heading = 0
            case "list_item_open":
                depth += 1
            case "list_item_close":
                depth -= 1
            case "tr_open":
                cells, in_row = [], True
            case "tr_close":
                writer.add("table_row", " | ".join(cell for cell in cells if cell))
                in_row = False
            case "inline":
                words = _plain(token)
                if in_row:
                    cells.append(words.strip())
                elif heading:
                    writer.add("heading", words, heading)
                elif depth:
                    writer.add("list_item", f"• {words}")
                elif _is_bold_heading(token.content, words):
                    writer.add("heading", words, _BOLD_LEVEL)
                else:
                    _write_paragraph(writer, token)
            case "fence" | "code_block":
                writer.add("paragraph", token.content)


def _write_paragraph(writer: PageWriter, token: Token) -> None:
    """Write a paragraph; first lines of it in capitals, as exports from PDF leave headings, are headings."""
    lines: list[list[Token]] = [[]]
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            lines.append([])
        else:
            lines[-1].append(child)
    written = [_joined(line) for line in lines]
    while written and _SHOUTED.match(written[0].strip()) and len(written[0].split()) <= _HEADING_WORDS:
        writer.add("heading", written.pop(0).strip(), _SHOUTED_LEVEL)
    if written:
        writer.add("paragraph", " ".join(written))


def _is_bold_heading(source: str, words: str) -> bool:
    stripped = source.strip()
    short = 1 <= len(words.split()) <= 16 and any(character.isalpha() for character in words)
    return short and bool(_BOLD_ONLY.match(stripped)) and not words.rstrip().endswith((".", ",", ";"))


def _plain(token: Token) -> str:
    return _joined(token.children or [])


def _joined(children: Sequence[Token]) -> str:
    parts: list[str] = []
    for child in children:
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    # Exports leave unbalanced asterisks behind; they are marks, never words.
    return re.sub(r"\*{1,3}", "", "".join(parts))
