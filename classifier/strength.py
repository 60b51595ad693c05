"""The last stage of scoring: from a document's features to its strength and what it rests on. Needs neither pages nor the encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import OrdinalModel, adjacent_set
from classifier.codebook import STRENGTHS
from classifier.features import Features
from classifier.prediction import Contribution, Evidence, Strength

Array = NDArray[np.float64]
# Gives the passage of an index as evidence, with what it adds and whether it speaks for or against.
Cite = Callable[[int, float, Literal["for", "against"]], Evidence]

_EVIDENCE_FOR, _EVIDENCE_AGAINST = 8, 4
# What a passage adds to the score, below which it is not worth showing.
_NOTHING = 0.005


def judge_strength(features: Features, head: OrdinalModel, coverage: float, cite: Cite) -> Strength:
    """Return a document's strength from its features alone; passages are only cited."""
    score = head.score(features.values)
    found = head.probabilities(score)
    label = STRENGTHS[int(np.argmax(found))]
    first, last = adjacent_set(found.tolist(), coverage)
    contributions = [
        Contribution(feature=name, value=value, weight=weight, contribution=value * weight)
        for name, value, weight in zip(features.names, features.values.tolist(), head.weights, strict=True)
    ]
    return Strength(
        label=label,
        probabilities=dict(zip(STRENGTHS, rounded(found), strict=True)),
        set=list(STRENGTHS[first : last + 1]),
        score=score,
        contributions=contributions,
        evidence=_evidence(passage_contributions(features, head), label, cite),
    )


def passage_contributions(features: Features, head: OrdinalModel) -> Array:
    """Return what each passage adds to the strength score, shape (passages,); they add up to the score."""
    return np.asarray(np.array(head.weights) @ features.shares)


def cited_passages(adds: Array, label: str) -> tuple[list[int], list[int]]:
    """Return the passages that weigh most for and against a strength label, by index.

    What raises the score speaks for a strong label, against a weak one.
    """
    towards = adds if label not in ("weak", "very_weak") else -adds
    order = np.argsort(-np.abs(adds), kind="stable").tolist()
    speaking_for = [i for i in order if towards[i] > _NOTHING][:_EVIDENCE_FOR]
    return speaking_for, [i for i in order if towards[i] < -_NOTHING][:_EVIDENCE_AGAINST]


def _evidence(adds: Array, label: str, cite: Cite) -> list[Evidence]:
    speaking_for, speaking_against = cited_passages(adds, label)
    found = [cite(i, float(adds[i]), "for") for i in speaking_for]
    return found + [cite(i, float(adds[i]), "against") for i in speaking_against]


def rounded(probabilities: Array) -> list[float]:
    """Round probabilities to six places so that they still add up to 1."""
    found = [round(float(p), 6) for p in probabilities]
    top = int(np.argmax(probabilities))
    found[top] = round(found[top] + 1.0 - sum(found), 6)
    return found
