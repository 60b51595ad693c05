"""From blocks to pages: lines joined into text, hyphenation mended, a box kept for every code point."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import numpy as np

from classifier.document import Block, Page, PageState
from classifier.pdf.blocks import DraftBlock, DraftPage
from classifier.pdf.lines import Line

_SOFT_HYPHEN = "\u00ad"
_NO_BOX = (float("nan"),) * 4
# First parts that keep their hyphen when a line breaks after it and the document itself does not settle the matter.
_PREFIXES = frozenset(
    [
        "co",
        "cross",
        "early",
        "ex",
        "evidence",
        "high",
        "inter",
        "long",
        "low",
        "mid",
        "multi",
        "non",
        "on",
        "one",
        "part",
        "person",
        "post",
        "pre",
        "pro",
        "re",
        "self",
        "semi",
        "short",
        "third",
        "two",
        "well",
    ]
)


class Vocabulary:
    """The document's own words, which decide whether a hyphen at a line's end belongs to the word."""

    def __init__(self, pages: Iterable[DraftPage]) -> None:
        self._count: Counter[str] = Counter()
        for page in pages:
            for block in page.blocks:
                for line in block.lines:
                    self._count.update(_bare(word.text) for word in line.words)

    def keeps_hyphen(self, before: str, after: str) -> bool:
        """Tell whether `before-after` is one hyphenated word rather than a word broken at the end of a line."""
        before, after = _bare(before), _bare(after)
        joined, hyphenated = self._count[before + after], self._count[f"{before}-{after}"]
        if joined != hyphenated:
            return hyphenated > joined
        return before in _PREFIXES


def _bare(word: str) -> str:
    return re.sub(r"^\W+|[^\w-]+$", "", word.replace(_SOFT_HYPHEN, "-")).lower()


class _Writer:
    """Text under construction, with its boxes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.letters: list[str] = []
        self.boxes: list[tuple[float, float, float, float]] = []
        self.hidden: list[tuple[int, int]] = []

    def gap(self, text: str) -> None:
        if self.letters:
            self.letters.extend(text)
            self.boxes.extend([_NO_BOX] * len(text))

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines as one run of text; a hyphen that only broke a word goes, with its box."""
        first = True
        for line in lines:
            if not first and not self._mended(line):
                self.gap(" ")
            first = False
            for index, word in enumerate(line.words):
                if index:
                    self.gap(" ")
                if word.hidden:
                    self.hidden.append((len(self.letters), len(self.letters) + len(word.text)))
                for letter, box in zip(word.text, word.boxes, strict=True):
                    self.letters.append("-" if letter == _SOFT_HYPHEN else letter)
                    self.boxes.append(box)

    def _mended(self, line: Line) -> bool:
        """Mend the hyphen at the end of what is written, given the line that follows; tell whether the two now touch."""
        if len(self.letters) < 2 or self.letters[-1] not in "-‐" or not self.letters[-2].isalpha():
            return False
        after = line.words[0].text
        if not after[:1].islower():
            return True
        before = "".join(self.letters[-40:-1]).split()[-1]
        if not self.vocabulary.keeps_hyphen(before, after):
            del self.letters[-1], self.boxes[-1]
        return True


def assemble(page: DraftPage, vocabulary: Vocabulary) -> Page:
    """Return the page with its text in reading order: blocks parted by a blank line, list items and rows by a line break."""
    writer = _Writer(vocabulary)
    blocks: list[Block] = []
    previous: DraftBlock | None = None
    for draft in page.blocks:
        tight = previous is not None and previous.kind == draft.kind and draft.kind in ("list_item", "table_row")
        writer.gap("\n" if tight else "\n\n")
        start = len(writer.letters)
        if draft.cells is None:
            writer.lines(draft.lines)
        else:
            for index, cell in enumerate(draft.cells):
                if index:
                    writer.gap(" | ")
                writer.lines(cell)
        if len(writer.letters) > start:
            blocks.append(Block(draft.kind, start, len(writer.letters), draft.level))
            previous = draft
    text = "".join(writer.letters)
    boxes = np.array(writer.boxes, dtype=np.float32).reshape(-1, 4)
    state: PageState = "text" if text.strip() else "blank"
    return Page(page.number, text, tuple(blocks), state, page.width, page.height, boxes, tuple(writer.hidden))
