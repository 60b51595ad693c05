"""Pages cut into passages: paragraphs, lists with their lead-in, table rows; 15 to 150 words where the text allows. Codebook, part B."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from classifier.document import Block, Document, Page, Passage, passage_id
from classifier.sections import section_role

# Raised when the reading of pages or the cutting of passages changes: what was kept from an earlier one says so.
EXTRACTION = "1"
MIN_WORDS = 15
MAX_WORDS = 150
_SPLIT_WORDS = 110
# Scraps of fewer words (labels of charts, a name under a photograph) say nothing that could be labelled.
_LEAST_WORDS = 5
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])[\"'”’)]*\s+(?=[\"'“‘(•]?[A-Z0-9])|\n+")
_NOT_A_BREAK = re.compile(r"(?:\b(?:e\.g|i\.e|etc|Dr|Mr|Mrs|Ms|Prof|St|No|Cllr|vs|cf|al|approx|p|pp)\.|\b[A-Z]\.)$")
_CONTENTS = re.compile(r"^\W*(?:table of )?contents?\W*$", re.IGNORECASE)
_ENDS = re.compile(r"[.!?:;][\"'”’)]*$")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text's sentences, in code points, white space left out at both ends."""
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _SENTENCE_BREAK.finditer(text):
        if _NOT_A_BREAK.search(text[start : match.start()]):
            continue
        spans.append((start, match.start()))
        start = match.end()
    spans.append((start, len(text)))
    return [(a, b) for a, b in (_stripped(text, a, b) for a, b in spans) if a < b]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def find_passages(document: Document) -> list[Passage]:
    """Return a document's passages in reading order."""
    outline = _Outline()
    passages: list[Passage] = []
    for page in document.pages:
        for start, end, headings in _page_spans(page, outline):
            for a, b in _pieces(page.text, start, end):
                name = passage_id(document.digest, page.number, a, b)
                passages.append(Passage(name, page.number, a, b, page.text[a:b], headings, section_role(headings)))
    return passages


def find_lines_beside(document: Document, passages: Sequence[Passage]) -> list[Passage]:
    """Return what stands in no passage: headings, and scraps too short to be labelled. Exact mentions are looked for there too."""
    outline = _Outline()
    covered = {
        number: [(p.start, p.end) for p in passages if p.page == number] for number in {p.page for p in passages}
    }
    found: list[Passage] = []
    for page in document.pages:
        outline.in_contents = False
        for block in page.blocks:
            text = page.text[block.start : block.end]
            if block.kind in ("furniture", "contents") or _skips_contents(outline, block, text, len(text.split())):
                continue
            if block.kind == "heading" and not page.hidden_in(block.start, block.end):
                outline.enter(block.level, text)
            if not any(start <= block.start and block.end <= end for start, end in covered.get(page.number, ())):
                name = passage_id(document.digest, page.number, block.start, block.end)
                headings = outline.headings
                found.append(Passage(name, page.number, block.start, block.end, text, headings, section_role(headings)))
    return found


@dataclass(slots=True)
class _Outline:
    """The path of headings at the place reached, and whether that place is a table of contents."""

    path: list[tuple[int, str]] = field(default_factory=list)
    in_contents: bool = False
    title: str = ""

    def enter(self, level: int, text: str) -> None:
        self.title = self.title or text
        while self.path and self.path[-1][0] >= level:
            self.path.pop()
        self.path.append((level, text))

    @property
    def headings(self) -> tuple[str, ...]:
        """The innermost three; the document's title says nothing of the place, and is left out below other headings."""
        texts = [text for _, text in self.path]
        return tuple(texts[1:] if len(texts) > 1 and texts[0] == self.title else texts)[-3:]


Span = tuple[int, int, tuple[str, ...]]


def _page_spans(page: Page, outline: _Outline) -> Iterator[Span]:
    """Yield the spans of a page's passages with their heading paths."""
    outline.in_contents = False
    group = _Group(page.text)
    for block in page.blocks:
        text = page.text[block.start : block.end]
        words = len(text.split())
        if block.kind in ("furniture", "contents") or _skips_contents(outline, block, text, words):
            yield from group.close(outline.headings)
        elif block.kind == "heading":
            if not group.headings_only:
                yield from group.close(outline.headings)
            # What nobody sees heads nothing.
            if not page.hidden_in(block.start, block.end):
                outline.enter(block.level, text)
            group.add_heading(block, words)
        else:
            if group.headings_only and not group.names_action:
                group.drop()
            elif group.headings_only or group.full_before(block, words):
                yield from group.close(outline.headings)
            group.add(block, words)
    yield from group.close(outline.headings)


def _skips_contents(outline: _Outline, block: Block, text: str, words: int) -> bool:
    if block.kind == "heading" and _CONTENTS.match(text):
        outline.in_contents = True
    elif outline.in_contents and words >= MIN_WORDS:
        outline.in_contents = False
    return outline.in_contents


class _Group:
    """Neighbouring blocks that will be one passage."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.drop()

    def drop(self) -> None:
        self.blocks: list[Block] = []
        self.words = 0
        self.headings_only = False

    @property
    def names_action(self) -> bool:
        """Whether headings that stand without text below them say enough to be a passage of their own."""
        return len(self.blocks) > 1 and self.words >= MIN_WORDS

    def add_heading(self, block: Block, words: int) -> None:
        self.headings_only = True
        self.blocks.append(block)
        self.words += words

    def add(self, block: Block, words: int) -> None:
        self.headings_only = False
        self.blocks.append(block)
        self.words += words

    def full_before(self, block: Block, words: int) -> bool:
        """Tell whether the next block begins a passage of its own."""
        if not self.blocks:
            return False
        last = self.blocks[-1]
        if self.words + words > MAX_WORDS:
            return True
        ending = self.text[last.start : last.end].rstrip()
        if block.kind == "list_item":
            return last.kind == "table_row"
        if block.kind == "table_row":
            return last.kind != "table_row" or self.words >= MIN_WORDS or words >= MIN_WORDS
        if last.kind == "table_row" or ending.endswith(":"):
            return last.kind == "table_row" and self.words >= MIN_WORDS
        unfinished = not _ENDS.search(ending)
        if unfinished and self.words < 60:
            return False
        return self.words >= MIN_WORDS and (words >= MIN_WORDS or self.words >= 40)

    def close(self, headings: tuple[str, ...]) -> Iterator[Span]:
        """Yield the group as a span, unless it is one heading or has no letters, and start anew."""
        if self.blocks and not (self.headings_only and not self.names_action):
            start, end = self.blocks[0].start, self.blocks[-1].end
            if self.words >= _LEAST_WORDS and sum(character.isalpha() for character in self.text[start:end]) >= 15:
                yield start, end, headings
        self.drop()


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield a span whole, or where it is longer than a passage may be, in runs of sentences; a sentence too long is cut at a space."""
    if len(text[start:end].split()) <= MAX_WORDS:
        yield start, end
        return
    piece_start, words = start, 0
    previous_end = start
    for a, b in _bounded(text, start, end):
        count = len(text[a:b].split())
        if words and words + count > _SPLIT_WORDS:
            yield piece_start, previous_end
            piece_start, words = a, 0
        words += count
        previous_end = b
    yield piece_start, previous_end


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for a, b in sentence_spans(text[start:end]):
        at = start + a
        words = list(re.finditer(r"\S+", text[start + a : start + b]))
        for index in range(0, len(words), _SPLIT_WORDS):
            last = words[min(index + _SPLIT_WORDS, len(words)) - 1]
            yield at + words[index].start(), at + last.end()
