"""How far two readers agree: the ceiling that a model is measured against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from classifier.agreement import Interval, bootstrap, cohen_kappa
from classifier.codebook import STRENGTHS, TIERS, Codebook, StrengthLabel
from training.data import DATA, HandLabels, LabelledPassage, LabelledStrategy, read_jsonl
from training.document_scores import LevelScore, criteria_labels, score_levels
from training.evaluation import OrdinalScores, f1_of, score_ordinal


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


class SecondStrategy(HandLabels):
    """A second reader's labels of a whole strategy, given without sight of the first."""

    authority: str = ""
    strength: StrengthLabel
    second_choice: StrengthLabel | None = None
    why: str = ""


class AdjudicatedPassage(BaseModel):
    """A passage on whose labels two readers differed: what each gave, what a third decided, and by which rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    first: list[str]
    second: list[str]
    decided: list[str]
    why: str


class AdjudicatedStrategy(BaseModel):
    """A criterion of a strategy on which readings differed; `second` is null where a check raised the doubt and not a second reader."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    criterion: str = Field(description="`strength`, `triple_definition`, or the table and the key: `tiers.primary`")
    first: bool | str
    second: bool | str | None
    decided: bool | str
    why: str


def load_second_strategies(directory: Path = DATA) -> dict[str, SecondStrategy]:
    """Return the second reader's labels by file."""
    rows = read_jsonl(directory / "second_strategies.jsonl", SecondStrategy.model_validate_json)
    return {row.file: row for row in rows}


def first_readings(passages: Sequence[LabelledPassage], directory: Path = DATA) -> list[LabelledPassage]:
    """Return the passages with the labels the first reader gave, before any was adjudicated."""
    rows = read_jsonl(directory / "adjudicated_passages.jsonl", AdjudicatedPassage.model_validate_json)
    first = {row.id: row.first for row in rows}
    return [p.model_copy(update={"labels": first[p.id]}) if p.id in first else p for p in passages]


def first_strategies(strategies: Sequence[LabelledStrategy], directory: Path = DATA) -> list[LabelledStrategy]:
    """Return the strategies with the labels the first reader gave, before any was adjudicated."""
    found = {row.file: row.model_dump() for row in strategies}
    for doubt in read_jsonl(directory / "adjudicated_strategies.jsonl", AdjudicatedStrategy.model_validate_json):
        table, _, key = doubt.criterion.rpartition(".")
        (found[doubt.file][table] if table else found[doubt.file])[key] = doubt.first
    return [LabelledStrategy.model_validate(row) for row in found.values()]


class ReaderAgreement(BaseModel):
    """Two readers over the same strategies: what a model is measured against."""

    model_config = ConfigDict(frozen=True)

    strength: OrdinalScores
    tiers: list[LevelScore]
    criteria: list[LevelScore]


def strategy_agreement(
    strategies: Sequence[LabelledStrategy], second: Mapping[str, SecondStrategy], resamples: int = 300
) -> ReaderAgreement:
    """Return how far two readers agree on the strategies that both read; the first reader is held true."""
    twice = [(row, second[row.file]) for row in strategies if row.file in second]
    first, other = (np.array([STRENGTHS.index(pair[side].strength) for pair in twice]) for side in (0, 1))
    keys = [key for key in criteria_labels(twice[0][0]) if key in criteria_labels(twice[0][1])]
    return ReaderAgreement(
        strength=score_ordinal(first, other, len(STRENGTHS), resamples),
        tiers=[
            score_levels(tier, [a.tiers[tier] for a, _ in twice], [b.tiers[tier] for _, b in twice]) for tier in TIERS
        ],
        criteria=[
            score_levels(key, [criteria_labels(a)[key] for a, _ in twice], [criteria_labels(b)[key] for _, b in twice])
            for key in keys
        ],
    )


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
    return LabelAgreement(
        label=label,
        first=int(a.sum()),
        second=int(b.sum()),
        kappa=bootstrap(lambda drawn: cohen_kappa(a[drawn], b[drawn]), len(twice), resamples),
        f1=round(f1_of(a, b), 4),
    )
