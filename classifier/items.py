"""The separate things that a passage says: sentences, bullets, table cells. A list of eight services is one passage and eight items.

Whether a tier is mentioned or emphasised turns on how many services there are, and a passage tells only that there is one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from classifier.calibration import PlattScaling
from classifier.codebook import TIERS, Tier
from classifier.document import Passage
from classifier.encoder import PassageModel, Text
from classifier.features import Array, sharpened
from classifier.passages import sentence_spans

# Shorter ones are names and figures.
_LEAST_WORDS = 3
_BREAK = re.compile(r"[;•●▪]|\s\|\s")
# A passage below this names no service; and beyond this many items a tier is emphasised whatever follows, so that a long
# document costs no more than a short one.
_LEAST_PROBABILITY, _MOST_ITEMS = 0.3, 24


def items_of(text: str) -> list[str]:
    """Return a text's items in order; the text itself where it has none of three words."""
    pieces = (piece.strip() for start, end in sentence_spans(text) for piece in _BREAK.split(text[start:end]))
    return [piece for piece in pieces if len(piece.split()) >= _LEAST_WORDS] or [text]


def count_services(
    passages: Sequence[Passage],
    probabilities: dict[str, Array],
    model: PassageModel,
    scaling: PlattScaling,
    labels: Sequence[str],
) -> dict[Tier, Array]:
    """Return per tier how many items of each passage name a service of it, by the model, each of shape (passages,).

    Only the likeliest passages of a tier are looked into, until there are 24 items; the others count nothing. A passage of one item
    keeps its own probability.
    """
    looked_into = {tier: _likeliest(passages, probabilities[tier]) for tier in TIERS}
    several = sorted({i for found in looked_into.values() for i in found if len(items_of(passages[i].text)) > 1})
    scored = _score_items(several, passages, model, scaling)
    counts: dict[Tier, Array] = {tier: np.zeros(len(passages)) for tier in TIERS}
    for tier, found in looked_into.items():
        column = labels.index(tier)
        for i in found:
            values = scored[i][:, column] if i in scored else probabilities[tier][i : i + 1]
            counts[tier][i] = sharpened(values).sum()
    return counts


def _likeliest(passages: Sequence[Passage], probabilities: Array) -> list[int]:
    """Return the passages of a tier to look into, the likeliest first."""
    found: list[int] = []
    items = 0
    for i in np.argsort(-probabilities, kind="stable").tolist():
        if probabilities[i] < _LEAST_PROBABILITY or items >= _MOST_ITEMS:
            break
        found.append(i)
        items += len(items_of(passages[i].text))
    return found


def _score_items(
    indices: Sequence[int], passages: Sequence[Passage], model: PassageModel, scaling: PlattScaling
) -> dict[int, Array]:
    """Return the probabilities of these passages' items under their heading, shape (items, labels), by the passage's index."""
    texts = [Text(item, passages[i].nearest_heading) for i in indices for item in items_of(passages[i].text)]
    if not texts:
        return {}
    table, at = scaling.probabilities(model.logits(texts)), 0
    found: dict[int, Array] = {}
    for i in indices:
        count = len(items_of(passages[i].text))
        found[i] = table[at : at + count]
        at += count
    return found
