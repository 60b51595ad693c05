"""Whole strategies as training sees them: read, cut into passages, scored by the passage model, made into features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.artefact import Heads
from classifier.calibration import PlattScaling
from classifier.codebook import STRENGTHS, TIER_STATES, TIERS, Tier
from classifier.document import Passage
from classifier.encoder import PassageModel, Text
from classifier.features import STRENGTH_FEATURES, TIER_FEATURES, strength_features, tier_features
from classifier.items import count_services
from classifier.passages import find_lines_beside, find_passages
from classifier.reading import read_document
from training.data import HandLabels
from training.ordinal import TIER_RIDGE, out_of_fold

Array = NDArray[np.float64]
# Fewer labelled documents cannot carry a head's weights.
LEAST_DOCUMENTS = 10


@dataclass(frozen=True, slots=True)
class ReadStrategy:
    """A labelled strategy with its passages, the lines that stand in none, the passages' probabilities by label and services by tier."""

    row: HandLabels
    passages: list[Passage]
    beside: list[Passage]
    probabilities: dict[str, Array]
    services: dict[Tier, Array]


def read_strategies(
    rows: Sequence[HandLabels], directory: Path, model: PassageModel, scaling: PlattScaling, labels: Sequence[str],
    report: Callable[[str], None] = lambda _: None,
) -> list[ReadStrategy]:  # fmt: skip
    """Read and score every strategy."""
    found: list[ReadStrategy] = []
    for row in rows:
        document = read_document(directory / row.file, ocr=False)
        passages = find_passages(document)
        table = scaling.probabilities(model.logits([Text(p.text, p.nearest_heading) for p in passages]))
        probabilities = {label: table[:, i] for i, label in enumerate(labels)}
        services = count_services(passages, probabilities, model, scaling, labels)
        found.append(ReadStrategy(row, passages, find_lines_beside(document, passages), probabilities, services))
    report(f"read {len(found)} strategies")
    return found


def strength_table(strategies: Sequence[ReadStrategy]) -> tuple[Array, NDArray[np.int64]]:
    """Return strength features of shape (documents, features) and labels of shape (documents,), of the documents that have one."""
    strategies = [s for s in strategies if s.row.strength is not None]
    values = np.stack([strength_features(s.passages, s.probabilities).values for s in strategies])
    return values, np.array([STRENGTHS.index(s.row.strength) for s in strategies if s.row.strength is not None])


def tier_table(strategies: Sequence[ReadStrategy], tier: Tier) -> tuple[Array, NDArray[np.int64]]:
    """Return one tier's features of shape (documents, features) and states of shape (documents,), of the documents that have one."""
    strategies = [s for s in strategies if tier in s.row.tiers]
    values = np.stack([tier_features(s.passages, tier, s.probabilities, s.services[tier]).values for s in strategies])
    return values, np.array([TIER_STATES.index(s.row.tiers[tier]) for s in strategies])


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What models that never saw a document say of it: probabilities of shape (levels,) per document, and the labels given by hand."""

    strength: list[Array]
    strength_labels: NDArray[np.int64]
    tiers: dict[Tier, tuple[list[Array], NDArray[np.int64]]]


def held_out(strategies: Sequence[ReadStrategy]) -> HeldOut:
    """Return out-of-fold predictions for strength and, where at least ten documents tell them, tiers; folds by authority."""
    values, labels = strength_table(strategies)
    groups = [s.row.authority for s in strategies if s.row.strength is not None]
    tiers: dict[Tier, tuple[list[Array], NDArray[np.int64]]] = {}
    for tier in TIERS:
        told = [s for s in strategies if tier in s.row.tiers]
        if len(told) >= LEAST_DOCUMENTS:
            tier_values, states = tier_table(told, tier)
            authorities = [s.row.authority for s in told]
            found = out_of_fold(tier_values, states, authorities, TIER_STATES, TIER_FEATURES, ridge=TIER_RIDGE)
            tiers[tier] = (found, states)
    return HeldOut(out_of_fold(values, labels, groups, STRENGTHS, STRENGTH_FEATURES), labels, tiers)


def as_given(strategies: Sequence[ReadStrategy], heads: Heads) -> HeldOut:
    """Return what a model's own heads say of documents they were not fitted on."""
    values, labels = strength_table(strategies)
    strength = [heads.strength.probabilities(heads.strength.score(row)) for row in values]
    tiers: dict[Tier, tuple[list[Array], NDArray[np.int64]]] = {}
    for tier in TIERS:
        if any(tier in s.row.tiers for s in strategies):
            head = heads.tiers[tier]
            tier_values, states = tier_table(strategies, tier)
            tiers[tier] = ([head.probabilities(head.score(row)) for row in tier_values], states)
    return HeldOut(strength, labels, tiers)
