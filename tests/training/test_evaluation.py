from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from classifier.agreement import bootstrap
from training.card import with_gold
from training.evaluation import QUOTED, f1_of, macro_f1, score_ordinal, score_passages

LABELS = ["primary", "secondary", "tertiary", "emphasis", "awareness_only", "integration", "loneliness"]


def test_f1_agrees_with_scikit_learn() -> None:
    dice = np.random.default_rng(0)
    y, g = dice.integers(0, 2, 200), dice.integers(0, 2, 200)
    assert f1_of(y, g) == pytest.approx(f1_score(y, g))
    assert f1_of(np.zeros(3, int), np.zeros(3, int)) == 0


def test_an_interval_holds_its_value_and_repeats_itself() -> None:
    dice = np.random.default_rng(3)
    hits = dice.random(300) < 0.7
    one, other = (bootstrap(lambda drawn: float(hits[drawn].mean()), 300) for _ in range(2))
    assert one == other
    assert one.low < one.value < one.high
    assert one.high - one.low == pytest.approx(2 * 1.96 * (0.7 * 0.3 / 300) ** 0.5, rel=0.25)


def test_perfect_answers_score_one_and_the_mean_is_over_five() -> None:
    dice = np.random.default_rng(1)
    y = dice.integers(0, 2, (100, 7))
    scores = score_passages("x", LABELS, y, y.astype(float), y, resamples=50)
    assert scores.mean_f1.value == 1
    assert {row.label: row.positives for row in scores.labels}["loneliness"] == int(y[:, 6].sum())
    wrong = y.copy()
    wrong[:, 4] = 1 - wrong[:, 4]
    assert score_passages("x", LABELS, y, wrong.astype(float), wrong, resamples=50).mean_f1.value == 1
    assert "awareness_only" not in QUOTED


def test_a_label_without_positives_is_no_error() -> None:
    y = np.zeros((20, 7), int)
    scores = score_passages("x", LABELS, y, y.astype(float), y, resamples=20)
    assert all(row.f1.value == 0 for row in scores.labels)


def test_quadratic_kappa_of_cohens_example() -> None:
    """Confusion 20, 5, 0 / 10, 40, 10 / 5, 20, 90 worked by hand: 1 - 55/162.75... (weights 0, 1, 4)."""
    table = np.array([[20, 5, 0], [10, 40, 10], [5, 20, 90]])
    labels = np.concatenate([np.full(table[i].sum(), i) for i in range(3)])
    given = np.concatenate([np.repeat(np.arange(3), table[i]) for i in range(3)])
    weights = np.array([[0, 1, 4], [1, 0, 1], [4, 1, 0]])
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    by_hand = 1 - (weights * table).sum() / (weights * expected).sum()
    assert score_ordinal(labels, given, 3, resamples=20).quadratic_kappa.value == pytest.approx(by_hand, abs=1e-4)


def test_ordinal_figures() -> None:
    scores = score_ordinal(np.array([0, 1, 2, 3, 4]), np.array([0, 2, 2, 0, 4]), 5, resamples=20)
    assert scores.mean_absolute_error.value == pytest.approx(0.8)
    assert (scores.exact, scores.within_one, scores.three_or_more) == (0.6, 0.8, 1)
    assert scores.confusion[3][0] == 1


def test_macro_f1_counts_each_class_once() -> None:
    assert macro_f1(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0])) == pytest.approx((6 / 7 + 0) / 2, abs=1e-4)


def test_a_card_opens_with_the_figures_on_real_text_and_holds_them_once() -> None:
    y = np.random.default_rng(1).integers(0, 2, (50, 7))
    scores = [score_passages("fine-tuned", LABELS, y, y.astype(float), y, resamples=20)]
    once = with_gold("# Model card: m\n\n## How far to trust it\n\ntext\n", scores, "gold.jsonl")
    twice = with_gold(once, scores, "gold.jsonl")
    assert once == twice
    assert once.index("# Model card: m") < once.index("Mean F1 1.00") < once.index("## How far to trust it")
    assert once.endswith("text\n")
