"""What a document's strength and tiers are told from: few, named, monotone features, each the sum of its passages' shares.

With passage probabilities p, mass(label) = sum of sharpened p over passages, and rate = mass / sqrt(8 + mass of what carries no label): in a
document with ten times as much that is beside the point, a service counts about a third. What carries a label does not water
another down, so that adding a service never lowers a label. Every feature is bent by x / (x + c), which keeps it between 0 and 1, and its value is shared out to the passages in
proportion to what each put in. Shares add up to the value exactly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.document import Passage
from classifier.mentions import heading_speaks_of_prevention, place_mentions, triple_definition

Array = NDArray[np.float64]

# Name, and whether it may only raise (+1) or only lower (-1) the strength label.
STRENGTH_FEATURES: dict[str, int] = {
    "prevention_is_key": 1,
    "prevention_emphasised": 1,
    "primary_breadth": 1,
    "secondary_breadth": 1,
    "tertiary_breadth": 1,
    "tertiary_groups": 1,
    "key_and_secondary": 1,
    "key_and_tertiary": 1,
    "awareness_share": -1,
    "defined_in_three": 1,
}
TIER_FEATURES: dict[str, int] = {"breadth": 1, "best": 1, "in_priorities": 1, "services": 1, "share_of_text": 1}

# Groups and conditions that tertiary services serve: "at least two" of them is the codebook's mark of breadth (A1, rule 2).
_GROUPS = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "older and frail": r"\bfrail\w*|\bolder (?:people|adults|residents)|\bfall(?:s|en|er)?\b|\bhip\b|\bcare homes?\b",
        "dementia": r"\bdementia|\balzheimer|\bmemory\b",
        "mental illness": r"\bmental (?:health|ill)|\bpsychos|\bpsychiatr|\bcrisis (?:team|caf|house|line)|\bself-harm|\bsuicid|\brelapse",
        "stroke and heart": r"\bstroke|\bcardi|\bheart\b|\bvascular",
        "lungs": r"\bCOPD|\bpulmonary|\brespiratory|\basthma|\bbreath",
        "diabetes": r"\bdiabet|\binsulin",
        "cancer": r"\bcancer|\bliving with and beyond",
        "after hospital": r"\bdischarg|\bhome from hospital|\breablement|\bre-ablement|\bintermediate care|\bstep[- ]down|\b(?:re)?admission|\brehab",
        "addiction": r"\b(?:drug|alcohol|substance)|\baddiction|\brecovery (?:service|communit|house)|\bin recovery",
        "disability": r"\bdisab|\bautis|\badaptation|\bequipment|\bassistive|\bwheelchair|\bsight|\bhearing",
        "carers": r"\bcarer|\brespite",
        "long-term conditions": r"\blong[- ]term condition|\bLTCs?\b|\bself[- ](?:manag|care)|\bmultimorbid|\bcomplex needs|\bmedicines?\b",
        "children": r"\bchildren|\byoung people|\bcare leaver|\bSEND\b|\bfamil",
        "homeless": r"\bhomeless|\brough sleep|\bprison|\boffend|\bdomestic abuse|\bvictim|\bsurvivor",
    }.items()
}  # fmt: skip

# Chosen on held-out strategies (DECISIONS.md). Emphasis saturates at once: it is there or not. Groups hardly do: each one more counts.
_TIER_BEND = 0.45
_EMPHASIS_BEND = 0.06
_GROUP_BEND = 6.0
_SERVICES_BEND = 3.0


@dataclass(frozen=True, slots=True)
class Features:
    """Feature values of one document, shape (features,), and each passage's share in them, shape (features, passages)."""

    names: tuple[str, ...]
    values: Array
    shares: Array


def sharpened(probabilities: Array) -> Array:
    """Return probabilities with doubt taken out: below 0.3 counts nothing, so that a hundred faint ones make no case."""
    return np.clip((probabilities - 0.3) / 0.7, 0.0, 1.0)


def _bent(puts: Array, bend: float, scale: float = 1.0) -> tuple[float, Array]:
    """Return total / (total + bend) and how it is shared by the passages' puts, shape (passages,)."""
    total = float(puts.sum()) * scale
    if total <= 0:
        return 0.0, np.zeros_like(puts)
    value = total / (total + bend)
    return value, puts * scale / total * value


def dilution(probabilities: dict[str, Array]) -> float:
    """Return what a mass is divided by: the root of eight passages and of those that carry no label."""
    labelled = np.maximum.reduce([sharpened(p) for p in probabilities.values()])
    return float(np.sqrt(8.0 + np.sum(1.0 - labelled)))


def tier_breadth(probabilities: Array, diluted: float) -> tuple[float, Array]:
    """Return how broadly a tier is served and each passage's share in that, from p of shape (passages,)."""
    return _bent(sharpened(probabilities), _TIER_BEND, 1 / diluted)


def strength_features(passages: Sequence[Passage], probabilities: dict[str, Array]) -> Features:
    """Return the features of the strength label."""
    places = _places(passages)
    diluted = dilution(probabilities)
    emphasis, emphasis_shares = _bent(sharpened(probabilities["emphasis"]), _EMPHASIS_BEND, 1 / diluted)
    tiers = {tier: tier_breadth(probabilities[tier], diluted) for tier in ("primary", "secondary", "tertiary")}
    key, key_shares = places
    groups = _groups(passages, probabilities["tertiary"])
    rows: dict[str, tuple[float, Array]] = {
        "prevention_is_key": places,
        "prevention_emphasised": (emphasis, emphasis_shares),
        **{f"{tier}_breadth": tiers[tier] for tier in tiers},
        "tertiary_groups": groups,
        "key_and_secondary": _product(key, key_shares, *tiers["secondary"]),
        "key_and_tertiary": _product(key, key_shares, *groups),
        "awareness_share": _awareness(probabilities),
        "defined_in_three": _definition(passages),
    }
    return Features(
        tuple(rows),
        np.array([value for value, _ in rows.values()]),
        np.stack([share for _, share in rows.values()]),
    )


def tier_features(passages: Sequence[Passage], tier: str, by_label: dict[str, Array], services: Array) -> Features:
    """Return the features of one tier's state; `services` says how many of it each passage names, shape (passages,)."""
    probabilities = by_label[tier]
    breadth = tier_breadth(probabilities, dilution(by_label))
    best = np.zeros(len(passages))
    if len(passages):
        top = int(np.argmax(probabilities))
        best[top] = probabilities[top]
    stressed = np.array(
        [p.role in ("summary", "vision", "priority") or heading_speaks_of_prevention(p) for p in passages],
        dtype=float,
    )
    priorities = _bent(sharpened(probabilities) * stressed, 1.5)
    rows = {
        "breadth": breadth,
        "best": (float(best.sum()), best),
        "in_priorities": priorities,
        "services": _bent(services, _SERVICES_BEND),
        "share_of_text": _share_of_text(passages, probabilities),
    }
    return Features(
        tuple(rows),
        np.array([value for value, _ in rows.values()]),
        np.stack([share for _, share in rows.values()]),
    )


def _share_of_text(passages: Sequence[Passage], probabilities: Array) -> tuple[float, Array]:
    """Return what part of the document's words stands in passages of a tier."""
    words = np.array([len(p.text.split()) for p in passages], dtype=float)
    puts = words * sharpened(probabilities) / max(float(words.sum()), 1.0)
    return float(puts.sum()), puts


def _product(a: float, a_shares: Array, b: float, b_shares: Array) -> tuple[float, Array]:
    """Return a product of two features, half of it shared by the passages of each."""
    return a * b, (a_shares * b + b_shares * a) / 2


def _places(passages: Sequence[Passage]) -> tuple[float, Array]:
    """Return in how much of summary, vision, priorities and principles prevention stands: two of the four are enough for 1."""
    shares = np.zeros(len(passages))
    index = {passage.id: i for i, passage in enumerate(passages)}
    mentions = place_mentions(passages)
    places = [mentions[place] for place in ("summary", "vision", "priority", "principle") if mentions[place]]
    if not places:
        return 0.0, shares
    value = min(1.0, 0.4 + 0.3 * (len(places) - 1))
    for found in places:
        for mention in found:
            shares[index[mention.passage.id]] += value / len(places) / len(found)
    return value, shares


def _groups(passages: Sequence[Passage], tertiary: Array) -> tuple[float, Array]:
    """Return for how many groups and conditions tertiary services stand; one group alone counts little."""
    puts = np.zeros(len(passages))
    sure = sharpened(tertiary)
    candidates = np.flatnonzero(sure > 0).tolist()
    for pattern in _GROUPS.values():
        named = [i for i in candidates if pattern.search(passages[i].text) or pattern.search(passages[i].heading)]
        if named:
            best = max(named, key=lambda i: sure[i])
            puts[best] += sure[best]
    return _bent(puts, _GROUP_BEND)


def _awareness(probabilities: dict[str, Array]) -> tuple[float, Array]:
    """Return the share of what is done that is only information or education."""
    aware = sharpened(probabilities["awareness_only"])
    served = np.maximum.reduce([sharpened(probabilities[tier]) for tier in ("primary", "secondary", "tertiary")])
    total = float(aware.sum() + np.maximum(served - aware, 0).sum())
    if total < 0.5:
        return 0.0, np.zeros_like(aware)
    return float(aware.sum()) / total, aware / total


def _definition(passages: Sequence[Passage]) -> tuple[float, Array]:
    kind, mentions = triple_definition(passages)
    shares = np.zeros(len(passages))
    if kind != "full":
        return 0.0, shares
    index = {passage.id: i for i, passage in enumerate(passages)}
    for mention in mentions:
        shares[index[mention.passage.id]] += 1 / len(mentions)
    return 1.0, shares
