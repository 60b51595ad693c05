"""How good the labels are, with intervals: passages label by label, documents as ordered labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.metrics import average_precision_score, f1_score

from classifier.agreement import RESAMPLES, Array, Interval, Table, bootstrap, confusion, quadratic_kappa

# The five whose mean is quoted; the other two are too rare in real text for a mean to bear.
QUOTED = ("primary", "secondary", "tertiary", "emphasis", "integration")


class LabelScore(BaseModel):
    """One label's figures over a set of passages."""

    model_config = ConfigDict(frozen=True)

    label: str
    positives: int
    f1: Interval
    precision: Interval
    recall: Interval
    average_precision: Interval


class PassageScores(BaseModel):
    """All labels' figures for one model, and the mean F1 over the five quoted."""

    model_config = ConfigDict(frozen=True)

    model: str
    passages: int
    mean_f1: Interval
    labels: list[LabelScore]


def f1_of(targets: Table, given: Table) -> float:
    """Return F1 = 2 tp / (2 tp + fp + fn); 0 where nothing is there and nothing given."""
    hits = int(np.sum(targets & given))
    wrong = int(np.sum(targets ^ given))
    return 2 * hits / (2 * hits + wrong) if hits else 0.0


def score_passages(
    model: str,
    labels: Sequence[str],
    targets: Table,
    probabilities: Array,
    given: Table,
    resamples: int = RESAMPLES,
) -> PassageScores:
    """Return every label's figures. Targets and labels given are 0/1, probabilities in [0, 1], all of shape (passages, labels)."""
    count = len(targets)
    quoted = [labels.index(label) for label in QUOTED if label in labels]
    rows = [
        _label_score(label, targets[:, i], probabilities[:, i], given[:, i], resamples)
        for i, label in enumerate(labels)
    ]
    mean = bootstrap(
        lambda drawn: float(np.mean([f1_of(targets[drawn, i], given[drawn, i]) for i in quoted])),
        count,
        resamples,
    )
    return PassageScores(model=model, passages=count, mean_f1=mean, labels=rows)


def _label_score(label: str, y: Table, p: Array, g: Table, resamples: int) -> LabelScore:
    count = len(y)

    def precision_at(drawn: NDArray[np.int64]) -> float:
        named = int(g[drawn].sum())
        return float(np.sum(y[drawn] & g[drawn]) / named) if named else float("nan")

    def recall_at(drawn: NDArray[np.int64]) -> float:
        true = int(y[drawn].sum())
        return float(np.sum(y[drawn] & g[drawn]) / true) if true else float("nan")

    def average_at(drawn: NDArray[np.int64]) -> float:
        return float(average_precision_score(y[drawn], p[drawn])) if y[drawn].any() else float("nan")

    if not y.any():
        nothing = Interval(value=0.0, low=0.0, high=0.0)
        return LabelScore(
            label=label, positives=0, f1=nothing, precision=nothing, recall=nothing, average_precision=nothing
        )
    return LabelScore(
        label=label,
        positives=int(y.sum()),
        f1=bootstrap(lambda drawn: f1_of(y[drawn], g[drawn]), count, resamples),
        precision=bootstrap(precision_at, count, resamples),
        recall=bootstrap(recall_at, count, resamples),
        average_precision=bootstrap(average_at, count, min(resamples, 200)),
    )


class OrdinalScores(BaseModel):
    """Figures for ordered labels: quadratic weighted kappa (Cohen 1968), mean absolute error in steps, shares of exact and near hits."""

    model_config = ConfigDict(frozen=True)

    documents: int
    quadratic_kappa: Interval
    mean_absolute_error: Interval
    exact: float
    within_one: float
    three_or_more: int
    confusion: list[list[int]]


def score_ordinal(labels: Table, given: Table, levels: int, resamples: int = RESAMPLES) -> OrdinalScores:
    """Return figures for labels given against labels held true, both of shape (documents,)."""
    steps = np.abs(labels - given)

    return OrdinalScores(
        documents=len(labels),
        quadratic_kappa=bootstrap(
            lambda drawn: quadratic_kappa(labels[drawn], given[drawn], levels), len(labels), resamples
        ),
        mean_absolute_error=bootstrap(lambda drawn: float(steps[drawn].mean()), len(labels), resamples),
        exact=round(float(np.mean(steps == 0)), 4),
        within_one=round(float(np.mean(steps <= 1)), 4),
        three_or_more=int(np.sum(steps >= 3)),
        confusion=confusion(labels, given, levels),
    )


def macro_f1(labels: Table, given: Table) -> float:
    """Return the mean F1 over the classes that occur."""
    return round(float(f1_score(labels, given, average="macro", zero_division=0)), 4)
