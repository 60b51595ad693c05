"""How much of their text two documents share, from a sample of hashed runs of words.

A sketch keeps the hashes of eight-word runs that fall below a fixed bound: the same runs in every document, so that resemblance and
containment are estimated without bias from two sketches alone. Broder (1997); with a bound instead of a number of hashes, Hera et al.
(2023).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

RUN = 8
_BITS = 64
# Short documents keep every run: a sample of theirs would be too small.
_SHORT = 2000
COARSE = 8
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Sketch:
    """Sampled hashes of a text's runs; one in `scale` is kept. `text_digest` is that of its words, whatever the file."""

    text_digest: str
    words: int
    scale: int
    hashes: frozenset[int]

    def at(self, scale: int) -> frozenset[int]:
        """Return the sample as it would be at a coarser scale."""
        if scale <= self.scale:
            return self.hashes
        bound = (1 << _BITS) // scale
        return frozenset(found for found in self.hashes if found < bound)


@dataclass(frozen=True, slots=True)
class Likeness:
    """`resemblance`: shared runs of all runs; `contained`: shared runs of the shorter document's."""

    resemblance: float
    contained: float


def words_of(text: str) -> list[str]:
    """Return a text's words as they are compared: lower case, without numbers, so that dates and page numbers tell nothing apart."""
    return _WORD.findall(text.lower())


def sketch(text: str) -> Sketch:
    """Return the sketch of a text."""
    words = words_of(text)
    scale = 1 if len(words) < _SHORT else COARSE
    bound = (1 << _BITS) // scale
    runs = (" ".join(words[i : i + RUN]) for i in range(max(1, len(words) - RUN + 1))) if words else ()
    hashes = (int.from_bytes(hashlib.blake2b(run.encode(), digest_size=8).digest(), "big") for run in runs)
    digest = hashlib.sha256(" ".join(words).encode()).hexdigest()
    return Sketch(digest, len(words), scale, frozenset(found for found in hashes if found < bound))


def likeness(first: Sketch, second: Sketch) -> Likeness:
    """Return how alike two documents are; documents without words are like nothing."""
    scale = max(first.scale, second.scale)
    a, b = first.at(scale), second.at(scale)
    if not a or not b:
        return Likeness(0.0, 0.0)
    shared = len(a & b)
    return Likeness(shared / (len(a) + len(b) - shared), shared / min(len(a), len(b)))
