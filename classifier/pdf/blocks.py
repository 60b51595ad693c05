"""From lines to the blocks of a page: paragraphs, list items, headings, table rows, and what is only furniture."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from classifier.document import BlockKind
from classifier.pdf.lines import Line, Region, TableRow

_BULLET = re.compile(r"^(?:[•·▪►»✓➢○]|[–*-](?=\s)|o(?=\s))")
_NUMBERED = re.compile(r"^(?:\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]|\d{1,2}\.\d{1,2}\.?)\s")
_PAGE_NUMBER = re.compile(r"^(?:page\s*)?[|\s-]*(?:\d{1,4}|[ivxlc]{1,6})[|\s-]*(?:(?:of|/)\s*\d{1,4})?$", re.IGNORECASE)
_LEADER = re.compile(r"(?:(?:\.\s?){4,}|…{2,})\s*\d{1,4}\s*$")
_CONTENTS = re.compile(r"^(?:table of )?contents(?: page)?$", re.IGNORECASE)
_ENDS_IN_NUMBER = re.compile(r"\D\s*\|?\s*\d{1,3}$|^\d{1,3}\s*\|?\s+\D")


@dataclass(slots=True)
class DraftBlock:
    """A block before its text is joined: printed lines, with the kind that its page alone can tell."""

    lines: list[Line]
    kind: BlockKind
    cells: list[list[Line]] | None = None
    level: int = 0

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def size(self) -> float:
        return median([line.size for line in self.lines])


@dataclass(slots=True)
class DraftPage:
    """A page's blocks in reading order, with the page's size in points."""

    number: int
    width: float
    height: float
    blocks: list[DraftBlock]


def draft_page(number: int, width: float, height: float, regions: Iterable[Region]) -> DraftPage:
    """Cut a page's regions into blocks."""
    blocks: list[DraftBlock] = []
    for region in regions:
        for part in region:
            if isinstance(part, TableRow):
                lines = [line for cell in part.cells for line in cell]
                blocks.append(DraftBlock(lines, "table_row", part.cells))
        flow = [part for part in region if isinstance(part, Line)]
        if flow:
            blocks += _paragraphs(flow, height)
    return DraftPage(number, width, height, blocks)


def _paragraphs(lines: list[Line], page_height: float) -> list[DraftBlock]:
    steps = [b.y0 - a.y0 for a, b in itertools.pairwise(lines) if 0 < b.y0 - a.y0 < 2.2 * a.size]
    leading = median(steps) if steps else 0.0
    right = max(line.x1 for line in lines)
    left = min(line.x0 for line in lines)
    blocks: list[DraftBlock] = []
    for line in lines:
        marked = bool(_BULLET.match(line.text) or _NUMBERED.match(line.text))
        if blocks and not marked and not _parts(blocks[-1], line, leading, left, right, page_height):
            blocks[-1].lines.append(line)
        else:
            blocks.append(DraftBlock([line], "list_item" if marked else "paragraph"))
    return blocks


def _parts(block: DraftBlock, line: Line, leading: float, left: float, right: float, page_height: float) -> bool:
    """Tell whether a line begins a new block after this one."""
    last = block.lines[-1]
    step = line.y0 - last.y0
    usual = max(leading, 1.15 * last.size)
    if step < -0.5 * last.size or step > 1.3 * usual or _in_margin(last, page_height) != _in_margin(line, page_height):
        return True
    if abs(line.size - last.size) > 0.12 * max(line.size, last.size) or line.bold != last.bold:
        return not (block.kind == "list_item" and line.x0 > block.lines[0].x0 + 3 and abs(line.size - last.size) < 1.5)
    if block.kind == "list_item" and line.x0 < block.lines[0].x0 - 2:
        return True
    short = last.x1 < right - 0.25 * (right - left)
    return short and last.text.endswith((".", "!", "?", ":")) and line.text[:1].isupper()


def _in_margin(line: Line, page_height: float) -> bool:
    return line.y1 < 0.075 * page_height or line.y0 > 0.925 * page_height


def mark_blocks(pages: list[DraftPage]) -> None:
    """Find, over the whole document, which blocks are furniture, contents and headings, and how deep each heading is."""
    _mark_furniture(pages)
    _mark_contents(pages)
    body = _body_size(pages)
    headings = [
        (page.number, block)
        for page in pages
        for block in page.blocks
        if block.kind in ("paragraph", "list_item") and _is_heading(block, body)
    ]
    used = Counter(round(block.size) for _, block in headings)
    # A size used once, past the first pages, is decoration: it opens no chapter, and nothing hangs below it.
    sizes = sorted((s for s in used if s >= 1.08 * body and (used[s] > 1 or _opens(headings, s))), reverse=True)
    for _, block in headings:
        block.kind = "heading"
        size = round(block.size)
        block.level = 1 + sizes.index(size) if size in sizes else len(sizes) + 1
    _mark_chapters(pages)


def _mark_chapters(pages: list[DraftPage]) -> None:
    """Set chapter titles to level 1 and all else below them.

    Chapters tend to open pages, in sizes that differ by little; what is printed as large further down such a page is a
    call-out. Where a page opens with text, a heading of a chapter's size on it is one.
    """
    openers = {page.number: block for page in pages if (block := _opener(page)) is not None}
    sizes = Counter(round(block.size) for number, block in openers.items() if number > 1)
    usual = [size for size, count in sizes.items() if count > 1]
    least = 0.8 * max(usual) if usual else float("inf")
    for page in pages:
        opener = openers.get(page.number)
        opens_chapter = opener is not None and opener.size >= least
        for block in page.blocks:
            if block.kind == "heading":
                chapter = block is opener if opens_chapter else block.size >= least
                block.level = 1 if chapter else block.level + 1


def _opener(page: DraftPage) -> DraftBlock | None:
    """Return the heading that opens a page, if one does."""
    first = next((block for block in page.blocks if block.kind != "furniture"), None)
    return first if first is not None and first.kind == "heading" else None


def _opens(headings: list[tuple[int, DraftBlock]], size: int) -> bool:
    return any(number <= 3 and round(block.size) == size for number, block in headings)


def _body_size(pages: list[DraftPage]) -> float:
    """Return the height most of the document's characters have, to half a point."""
    weight: Counter[float] = Counter()
    for page in pages:
        for block in page.blocks:
            if block.kind in ("paragraph", "list_item"):
                weight[round(block.size * 2) / 2] += len(block.text)
    return weight.most_common(1)[0][0] if weight else 11.0


def _is_heading(block: DraftBlock, body: float) -> bool:
    text = block.text
    words = text.split()
    letters = sum(character.isalpha() for character in text)
    if block.kind == "list_item" and not _NUMBERED.match(text):
        return False
    if not letters >= 3 or len(words) > 25 or len(block.lines) > 4 or text[:1].islower():
        return False
    if block.size >= 1.12 * body:
        return not (text.endswith((".", ",", ";")) and len(words) > 8)
    plain = not text.endswith((".", ",", ";", ":")) and len(words) <= 16
    return plain and (all(line.bold for line in block.lines) or (text.isupper() and letters > 5))


def _mark_furniture(pages: list[DraftPage]) -> None:
    places: dict[str, list[tuple[int, float, DraftBlock]]] = {}
    for page in pages:
        for block in page.blocks:
            top, bottom = block.lines[0].y0, block.lines[-1].y1
            if bottom < 0.12 * page.height or top > 0.88 * page.height:
                if _PAGE_NUMBER.match(block.text):
                    block.kind = "furniture"
                elif len(block.text) < 160:
                    key = re.sub(r"\d+", "#", block.text.lower())
                    places.setdefault(key, []).append((page.number, top / page.height, block))
    for found in places.values():
        _mark_recurring(found, len(pages))


def _mark_recurring(found: list[tuple[int, float, DraftBlock]], page_count: int) -> None:
    """Mark a margin text that comes again at its height. A chapter's running title keeps its first place, as its heading."""
    for number, height, block in found:
        twins = sorted(other for other, other_height, _ in found if abs(other_height - height) < 0.02)
        if len(set(twins)) < 3:
            continue
        if number != twins[0] or len(set(twins)) > 0.6 * page_count:
            block.kind = "furniture"


def _mark_contents(pages: list[DraftPage]) -> None:
    for page in pages[: max(12, len(pages) // 10)]:
        blocks = [block for block in page.blocks if block.kind != "furniture"]
        listed = [block for block in blocks if any(_LEADER.search(line.text) for line in block.lines)]
        titled = any(_CONTENTS.match(line.text.strip()) for block in blocks for line in block.lines[:1])
        numbered = [block for block in blocks if _ENDS_IN_NUMBER.search(block.text) and len(block.text.split()) <= 16]
        if titled and len(numbered) >= 3:
            for block in blocks:
                if len(block.text.split()) <= 25 or block in listed:
                    block.kind = "contents"
        elif listed:
            for block in listed:
                block.kind = "contents"
