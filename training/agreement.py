"""How far two readers agree: the ceiling that a model is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from classifier.codebook import STRENGTHS, Codebook, StrengthLabel, Tier, TierState
from training.data import DATA, LabelledPassage, LabelledStrategy, read_jsonl
from training.evaluation import Interval, OrdinalScores, bootstrap, f1_of, score_ordinal


class SecondReading(BaseModel):
    """A second reader's labels of a passage, given without sight of the first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    labels: list[str]
    codebook: str = "1.0"


class LabelAgreement(BaseModel):
    """Agreement of two readers on one label: Cohen's kappa, and F1 of one reader against the other."""

    model_config = ConfigDict(frozen=True)

    label: str
    first: int
    second: int
    kappa: Interval
    f1: float


def load_second_readings(directory: Path = DATA) -> dict[str, list[str]]:
    """Return the second reader's labels by passage id."""
    rows = read_jsonl(directory / "second_readings.jsonl", SecondReading.model_validate_json)
    return {row.id: row.labels for row in rows}


class SecondStrategy(BaseModel):
    """A second reader's labels of a whole strategy; what is not compared here is left unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str
    strength: StrengthLabel
    tiers: dict[Tier, TierState]


def load_second_strategies(directory: Path = DATA) -> dict[str, SecondStrategy]:
    """Return the second reader's labels by file."""
    rows = read_jsonl(directory / "second_strategies.jsonl", SecondStrategy.model_validate_json)
    return {row.file: row for row in rows}


def strength_agreement(
    strategies: Sequence[LabelledStrategy], second: Mapping[str, SecondStrategy], resamples: int = 300
) -> OrdinalScores:
    """Return how far two readers agree on strength over the strategies that were read twice."""
    twice = [row for row in strategies if row.file in second]
    first = np.array([STRENGTHS.index(row.strength) for row in twice])
    other = np.array([STRENGTHS.index(second[row.file].strength) for row in twice])
    return score_ordinal(first, other, len(STRENGTHS), resamples)


def agreement(
    passages: Sequence[LabelledPassage], second: Mapping[str, Sequence[str]], codebook: Codebook, resamples: int = 300
) -> list[LabelAgreement]:
    """Return the agreement on every label over the passages that were read twice."""
    twice = [passage for passage in passages if passage.id in second]
    return [_agreement(label, twice, second, resamples) for label in codebook.labels]


def _agreement(
    label: str, twice: Sequence[LabelledPassage], second: Mapping[str, Sequence[str]], resamples: int
) -> LabelAgreement:
    a = np.array([int(label in passage.labels) for passage in twice])
    b = np.array([int(label in second[passage.id]) for passage in twice])

    def kappa(drawn: NDArray[np.int64]) -> float:
        observed = float(np.mean(a[drawn] == b[drawn]))
        yes, also = float(a[drawn].mean()), float(b[drawn].mean())
        chance = yes * also + (1 - yes) * (1 - also)
        return (observed - chance) / (1 - chance) if chance < 1 else float("nan")

    return LabelAgreement(
        label=label,
        first=int(a.sum()),
        second=int(b.sum()),
        kappa=bootstrap(kappa, len(twice), resamples),
        f1=round(f1_of(a, b), 4),
    )
