"""The passages that come nearest to a criterion of which the model found nothing, so that a person can confirm a no."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from api.store.passages import LabelledPassage
from classifier.codebook import Criterion

BEST = 3
# Which label of a passage speaks of which criterion. The others are looked for by the words of their definition.
LABEL_OF: Mapping[str, str] = {
    "strength": "emphasis", "primary": "primary", "secondary": "secondary", "tertiary": "tertiary", "anywhere": "emphasis",
    "summary": "emphasis", "vision": "emphasis", "priority": "emphasis", "principle": "emphasis", "integration": "integration",
    "integration_kind": "integration", "loneliness": "loneliness", "information_and_advice": "awareness_only",
}  # fmt: skip
_WORD = re.compile(r"[a-z]{4,}")
_ASKING = frozenset(["mentioned", "mention", "does", "strategy", "with", "that", "this", "from", "they", "them", "their", "what", "where", "which", "whatever", "said", "kind", "have", "been", "into", "those"])  # fmt: skip


class Considered:
    """A document's passages, asked for those that come nearest to a criterion."""

    def __init__(self, passages: Sequence[LabelledPassage]) -> None:
        self._passages = passages
        self._words = [_stems(one.passage.text) for one in passages]
        held = Counter(stem for words in self._words for stem in words)
        self._weights = {stem: math.log(1 + len(passages) / number) for stem, number in held.items()}

    def nearest(self, criterion: Criterion) -> list[LabelledPassage]:
        """Return up to three passages, best first; none where nothing comes near at all."""
        label = LABEL_OF.get(criterion.key)
        if label is not None and any(label in one.probabilities for one in self._passages):
            ranked = sorted(self._passages, key=lambda one: -one.probabilities.get(label, 0.0))
            return ranked[:BEST]
        asked = _stems(f"{criterion.question} {criterion.definition}") - _ASKING
        scores = [sum(self._weights[stem] for stem in asked & words) for words in self._words]
        best = sorted(range(len(scores)), key=lambda place: -scores[place])[:BEST]
        return [self._passages[place] for place in best if scores[place] > 0]


def _stems(text: str) -> set[str]:
    return {word[:7] for word in _WORD.findall(text.lower())} - _ASKING
