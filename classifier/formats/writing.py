"""The one way pages of flowing text are put together, whatever the format."""

from __future__ import annotations

import re

from classifier.document import Block, BlockKind, Page

_SPACES = re.compile(r"[^\S\n]+")
# Characters that draw nothing: kept out of the text, or a quote would not match what a reader sees.
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000e-\u001f\u007f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff]"
)


class PageWriter:
    """Collects blocks and cuts them into pages."""

    def __init__(self) -> None:
        self._pages: list[Page] = []
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        """Add a block; white space is folded, and a block without text is left out."""
        text = _SPACES.sub(" ", _INVISIBLE.sub("", text).replace("\n", " ")).strip()
        if not text:
            return
        if self._blocks:
            tight = self._blocks[-1].kind == kind and kind in ("list_item", "table_row")
            self._append("\n" if tight else "\n\n")
        start = self._length
        self._append(text)
        self._blocks.append(Block(kind, start, self._length, level))

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def end_page(self) -> None:
        """Close the page under way, even where it is blank."""
        text = "".join(self._parts)
        self._pages.append(Page(len(self._pages) + 1, text, tuple(self._blocks), "text" if text else "blank"))
        self._parts, self._length, self._blocks = [], 0, []

    def pages(self) -> tuple[Page, ...]:
        """Return all pages; there is always at least one."""
        if self._blocks or not self._pages:
            self.end_page()
        return tuple(self._pages)
