"""Passages that many documents share: shown once, and weighing once, however often they are copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from classifier.families.sketch import RUN, words_of

_LEAST = 3


@dataclass(frozen=True, slots=True)
class SharedPassage:
    """A passage that several families have, in the words of the first document that has it."""

    text: str
    documents: tuple[str, ...]
    owners: int

    @property
    def weight(self) -> float:
        """Return what the passage weighs in each of its owners, so that it weighs one in all."""
        return 1 / self.owners


def shared_passages(
    passages: Mapping[str, Sequence[str]], family_of: Mapping[str, str] | None = None, least: int = _LEAST
) -> list[SharedPassage]:
    """Return the passages that documents of `least` families or more have, the most shared first.

    Passages are equal when their words are, whatever case, numbers and punctuation; those of fewer than eight words are headings and tell
    nothing. A document of no family is one by itself.
    """
    texts: dict[tuple[str, ...], str] = {}
    holders: dict[tuple[str, ...], list[str]] = {}
    for document, those in passages.items():
        for text in those:
            words = tuple(words_of(text))
            if len(words) < RUN:
                continue
            texts.setdefault(words, text)
            held = holders.setdefault(words, [])
            if document not in held[-1:]:
                held.append(document)
    family = family_of or {}
    found = []
    for words, documents in holders.items():
        owners = len({family.get(document, document) for document in documents})
        if owners >= least:
            found.append(SharedPassage(texts[words], tuple(documents), owners))
    return sorted(found, key=lambda shared: (-shared.owners, shared.text))


def passage_weights(passages: Sequence[str], shared: Sequence[SharedPassage]) -> list[float]:
    """Return the weight of each passage of a document: one, or less where many share it."""
    weights = {tuple(words_of(one.text)): one.weight for one in shared}
    return [weights.get(tuple(words_of(text)), 1.0) for text in passages]
