"""HTML, by selectolax: what a browser would show as the page's own content."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from classifier.document import BlockKind, Page
from classifier.formats.writing import PageWriter

_DROPPED = "script, style, noscript, template, nav, header nav, footer, form, button, svg, iframe, [hidden], [aria-hidden=true]"
_BLOCKS = {
    "p", "div", "section", "article", "main", "ul", "ol", "li", "table", "tbody", "thead", "tfoot", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6",
    "blockquote", "pre", "dl", "dt", "dd", "figure", "figcaption", "header", "aside", "body", "details", "summary", "address", "hr",
}  # fmt: skip
_MAX_DEPTH = 200


def read_html(text: str) -> tuple[Page, ...]:
    """Return an HTML document as one page."""
    tree = LexborHTMLParser(text)
    for node in tree.css(_DROPPED):
        node.decompose()
    writer = PageWriter()
    root = tree.css_first("main") or tree.css_first("article") or tree.body
    if root is not None:
        _write(writer, root, "paragraph", 0, 0)
    return writer.pages()


def _write(writer: PageWriter, node: LexborNode, kind: BlockKind, level: int, depth: int) -> None:
    """Write a block element: runs of inline content become blocks, block children are written in their turn."""
    run: list[str] = []

    def flush() -> None:
        text = "".join(run)
        if text.strip():
            writer.add(kind, f"• {text.strip()}" if kind == "list_item" else text, level)
        run.clear()

    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "tr":
            flush()
            cells = [
                re.sub(r"\s+", " ", cell.text(separator=" ")).strip()
                for cell in child.iter()
                if cell.tag in ("td", "th")
            ]
            writer.add("table_row", " | ".join(cell for cell in cells if cell))
        elif tag in _BLOCKS and depth < _MAX_DEPTH:
            flush()
            _write(writer, child, *_kind_of(tag or "", kind), depth + 1)
        elif tag == "br":
            run.append(" ")
        elif tag == "-text":
            run.append(child.text(deep=True) or "")
        elif tag and not tag.startswith(("-", "!")):
            run.append(child.text(deep=True, separator=" ") or "")
    flush()


def _kind_of(tag: str, outer: BlockKind) -> tuple[BlockKind, int]:
    if re.fullmatch(r"h[1-6]", tag):
        return "heading", int(tag[1])
    if tag in ("li", "dd"):
        return "list_item", 0
    return ("list_item" if outer == "list_item" else "paragraph"), 0
