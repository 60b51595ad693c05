"""How good document labels are: strength, tier states, every criterion, by kind of document, and whether the cited passages carry the label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from sklearn.metrics import f1_score

from classifier.agreement import Interval, bootstrap
from classifier.artefact import Heads
from classifier.calibration import adjacent_set
from classifier.codebook import STRENGTHS, TIER_STATES
from classifier.criteria import answer_criteria
from classifier.features import strength_features
from classifier.strength import cited_passages, passage_contributions
from training.calibration import expected_calibration_error
from training.data import HandLabels
from training.documents import HeldOut, ReadStrategy
from training.evaluation import OrdinalScores, score_ordinal

Array = NDArray[np.float64]
_RESAMPLES = 300
_RANDOM_DRAWS = 20


class LevelScore(BaseModel):
    """Figures for one criterion or tier: `f1` is that of "yes" where it is yes or no, else the mean over its levels that occur."""

    model_config = ConfigDict(frozen=True)

    key: str
    documents: int
    positives: int
    accuracy: float
    f1: Interval
    by_level: dict[str, float]


class Faithfulness(BaseModel):
    """How far the strength score moves from its label when the passages cited for it are taken out, against as many drawn at random.

    In units of the score. Comprehensiveness of DeYoung et al. (2020), on the score instead of a probability.
    """

    model_config = ConfigDict(frozen=True)

    documents: int
    cited: Interval
    random: Interval
    cited_moves_more: float


class DocumentScores(BaseModel):
    """All figures on whole documents."""

    model_config = ConfigDict(frozen=True)

    strength: OrdinalScores
    by_kind: dict[str, OrdinalScores]
    expected_calibration_error: float
    set_coverage: Interval
    mean_set_size: float
    tiers: list[LevelScore]
    criteria: list[LevelScore]
    faithfulness: Faithfulness | None


def score_documents(read: Sequence[ReadStrategy], said: HeldOut, heads: Heads) -> DocumentScores:
    """Return the figures for documents with labels held true; `said` are the probabilities given to them, in the same order."""
    told = [s for s in read if s.row.strength is not None]
    found, labels = np.stack(said.strength), said.strength_labels
    given = found.argmax(axis=1)
    sets = [adjacent_set(p.tolist(), heads.coverage) for p in said.strength]
    held = np.array([first <= label <= last for (first, last), label in zip(sets, labels, strict=True)], dtype=float)
    kinds = np.array([s.row.kind for s in told])
    return DocumentScores(
        strength=score_ordinal(labels, given, len(STRENGTHS), _RESAMPLES),
        by_kind={
            str(kind): score_ordinal(labels[kinds == kind], given[kinds == kind], len(STRENGTHS), _RESAMPLES)
            for kind in sorted(set(kinds.tolist()))
        },
        expected_calibration_error=round(expected_calibration_error(found.max(axis=1), given == labels, bins=5), 4),
        set_coverage=bootstrap(lambda drawn: float(held[drawn].mean()), len(held), _RESAMPLES),
        mean_set_size=round(float(np.mean([last - first + 1 for first, last in sets])), 4),
        tiers=[
            score_levels(tier, [TIER_STATES[i] for i in states], [TIER_STATES[int(p.argmax())] for p in probabilities])
            for tier, (probabilities, states) in said.tiers.items()
        ],
        criteria=_criteria(read, heads),
        faithfulness=_faithfulness(told, heads),
    )


def score_levels(key: str, labels: Sequence[str], given: Sequence[str]) -> LevelScore:
    """Return the figures for one criterion over documents; values are level names."""
    a, b = np.array(labels), np.array(given)
    levels = sorted(set(labels))
    yes_or_no = set(labels) | set(given) <= {"yes", "no"}

    def figure(drawn: NDArray[np.int64]) -> float:
        if yes_or_no:
            hits = int(np.sum((a[drawn] == "yes") & (b[drawn] == "yes")))
            wrong = int(np.sum(a[drawn] != b[drawn]))
            return 2 * hits / (2 * hits + wrong) if hits + wrong else float("nan")
        return float(f1_score(a[drawn], b[drawn], labels=levels, average="macro", zero_division=0))

    each = f1_score(a, b, labels=levels, average=None, zero_division=0)
    return LevelScore(
        key=key,
        documents=len(a),
        positives=int(np.sum(~np.isin(a, ("no", "none", "not_applicable")))),
        accuracy=round(float(np.mean(a == b)), 4),
        f1=bootstrap(figure, len(a), _RESAMPLES),
        by_level={level: round(float(value), 4) for level, value in zip(levels, each, strict=True)},
    )


def level_name(value: bool | str) -> str:
    """Return a criterion's value as the codebook names its level."""
    return ("yes" if value else "no") if isinstance(value, bool) else value


def criteria_labels(row: HandLabels) -> dict[str, str]:
    """Return every label of parts A3 to A6 that a row holds, by criterion."""
    found = {key: level_name(value) for table in (row.places, row.policies, row.themes) for key, value in table.items()}
    return found if row.triple_definition is None else {**found, "triple_definition": row.triple_definition}


def _criteria(read: Sequence[ReadStrategy], heads: Heads) -> list[LevelScore]:
    pairs: dict[str, list[tuple[str, str]]] = {}
    for strategy in read:
        answers = answer_criteria(strategy.passages, strategy.beside, strategy.probabilities, heads)
        for key, label in criteria_labels(strategy.row).items():
            pairs.setdefault(key, []).append((label, level_name(answers[key].value)))
    return [score_levels(key, [a for a, _ in found], [b for _, b in found]) for key, found in pairs.items()]


def _faithfulness(read: Sequence[ReadStrategy], heads: Heads) -> Faithfulness | None:
    dice = np.random.default_rng(0)
    moves: list[tuple[float, float]] = []
    for strategy in read:
        features = strength_features(strategy.passages, strategy.probabilities)
        score = heads.strength.score(features.values)
        label = STRENGTHS[int(heads.strength.probabilities(score).argmax())]
        cited, _ = cited_passages(passage_contributions(features, heads.strength), label)
        if not cited or len(cited) >= len(strategy.passages):
            continue
        sign = 1.0 if label not in ("weak", "very_weak") else -1.0
        drawn = [dice.choice(len(strategy.passages), len(cited), replace=False) for _ in range(_RANDOM_DRAWS)]
        moves.append(
            (
                sign * (score - _score_without(strategy, cited, heads)),
                sign * (score - float(np.mean([_score_without(strategy, some.tolist(), heads) for some in drawn]))),
            )
        )
    if not moves:
        return None
    table = np.array(moves)
    return Faithfulness(
        documents=len(table),
        cited=bootstrap(lambda i: float(table[i, 0].mean()), len(table), _RESAMPLES),
        random=bootstrap(lambda i: float(table[i, 1].mean()), len(table), _RESAMPLES),
        cited_moves_more=round(float(np.mean(table[:, 0] > table[:, 1])), 4),
    )


def _score_without(strategy: ReadStrategy, left_out: Sequence[int], heads: Heads) -> float:
    kept = np.setdiff1d(np.arange(len(strategy.passages)), left_out)
    probabilities = {label: p[kept] for label, p in strategy.probabilities.items()}
    return heads.strength.score(strength_features([strategy.passages[i] for i in kept], probabilities).values)
