"""Whether a quote stands in its passage, word for word: only white space, hyphens and the form of a letter may differ."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_HYPHENS = "-\u00ad\u2010\u2011\u2012"
# Shorter ones stand in any text, and show nothing.
_LEAST_WORDS, _LEAST_LETTERS = 2, 8
# `"…"`, `“…”`, `«…»`, and single ones that do not stand inside a word.
_QUOTED = re.compile(
    r"\"[^\"]*\"|“[^”]*(?:”|$)|«[^»]*(?:»|$)|‘[^‘]*(?:’(?!\w)|$)|(?<!\w)'[^']*(?:'\w[^']*)*'(?!\w)|`[^`]*`"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without what may differ, and the place in the text itself of each character that is left."""

    text: str
    places: tuple[int, ...]


def fold(text: str) -> Folded:
    """Fold white space to one space, leave hyphens out with the white space after them, and unfold ligatures."""
    letters: list[str] = []
    places: list[int] = []
    broken = False
    for place, character in enumerate(text):
        if character in _HYPHENS:
            broken = True
        elif character.isspace():
            if not broken and letters and letters[-1] != " ":
                letters.append(" ")
                places.append(place)
        else:
            broken = False
            for letter in unicodedata.normalize("NFKC", character):
                letters.append(letter)
                places.append(place)
    return Folded("".join(letters), tuple(places))


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Return the span `[start, end)` of the text that a quote repeats; None where it does not, or is too short to show anything."""
    wanted = fold(quote).text.strip()
    if len(wanted) < _LEAST_LETTERS or len(wanted.split()) < _LEAST_WORDS:
        return None
    folded = fold(text)
    at = _whole(wanted, folded.text)
    return None if at is None else (folded.places[at], folded.places[at + len(wanted) - 1] + 1)


def _whole(wanted: str, text: str) -> int | None:
    """Return where whole words of the text begin that are those wanted: cut inside a word, a quote may say the contrary."""
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        cut_before = at > 0 and wanted[0].isalnum() and text[at - 1].isalnum()
        cut_after = end < len(text) and wanted[-1].isalnum() and text[end].isalnum()
        if not cut_before and not cut_after:
            return at
        at = text.find(wanted, at + 1)
    return None


def without_unfounded(words: str, texts: Iterable[str]) -> tuple[str, int]:
    """Return a model's own words with each quotation taken out that stands in none of the texts, and how many those were."""
    known = [fold(text).text for text in texts]
    taken = 0

    def checked(match: re.Match[str]) -> str:
        nonlocal taken
        inner = fold(match.group().strip("\"“”«»‘’'`")).text.strip(" .,;:…")
        if any(_whole(inner, text) is not None for text in known if inner):
            return match.group()
        taken += 1
        return "[not in the document]"

    return _QUOTED.sub(checked, words), taken


def plain(words: str, longest: int) -> str:
    """Return a model's words fit to be shown: one line without control characters, cut to a length."""
    seen = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(seen.split())[:longest]
