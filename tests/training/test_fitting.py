from __future__ import annotations

import numpy as np
import pytest

from classifier.calibration import adjacent_set
from training.calibration import best_threshold, conformal_coverage, expected_calibration_error, fit_scaling
from training.ordinal import fit_ordinal, out_of_fold

LEVELS = ["low", "middle", "high"]


def ordered(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Documents whose label rises with the first feature and does not depend on the second."""
    dice = np.random.default_rng(seed)
    values = dice.random((count, 2))
    labels = np.digitize(values[:, 0] + dice.normal(0, 0.08, count), [0.33, 0.66])
    return values, labels


def test_the_fit_finds_what_matters() -> None:
    values, labels = ordered(300)
    model = fit_ordinal(values, labels, LEVELS, {"x": 1, "y": 1})
    assert model.weights[0] > 3 > 1 > model.weights[1]
    given = [int(np.argmax(model.probabilities(model.score(v)))) for v in values]
    assert np.mean(np.array(given) == labels) > 0.8
    assert model.cuts == sorted(model.cuts)


def test_a_weight_keeps_its_sign_whatever_the_data_say() -> None:
    values, labels = ordered(300)
    model = fit_ordinal(values, labels, LEVELS, {"x": -1, "y": 1})
    assert model.weights[0] == 0
    assert model.weights[1] >= 0


def test_a_level_without_documents_still_has_a_place() -> None:
    values, labels = ordered(120)
    model = fit_ordinal(values, np.where(labels == 1, 2, labels), LEVELS, {"x": 1, "y": 1})
    assert model.probabilities(0.0).min() > 0


def test_out_of_fold_predictions_never_see_their_group() -> None:
    values, labels = ordered(60)
    groups = [f"g{i // 3}" for i in range(60)]
    found = out_of_fold(values, labels, groups, LEVELS, {"x": 1, "y": 1}, folds=5)
    assert len(found) == 60
    assert all(p.sum() == pytest.approx(1) for p in found)
    turned = labels.copy()
    turned[:3] = 2 - turned[:3]
    again = out_of_fold(values, turned, groups, LEVELS, {"x": 1, "y": 1}, folds=5)
    np.testing.assert_allclose(found[0], again[0])


def test_conformal_sets_hold_the_label_as_often_as_they_say() -> None:
    values, labels = ordered(400)
    found = out_of_fold(values, labels, [str(i) for i in range(400)], LEVELS, {"x": 1, "y": 1})
    coverage = conformal_coverage(found[:200], labels[:200].tolist(), 0.9)
    held = []
    for p, label in zip(found[200:], labels[200:], strict=True):
        first, last = adjacent_set(p.tolist(), coverage)
        held.append(first <= label <= last)
    assert 0.84 <= np.mean(held) <= 0.99


def test_scaling_mends_logits_that_are_too_sure() -> None:
    dice = np.random.default_rng(0)
    truth = dice.random(2000)
    targets = (dice.random(2000) < truth).astype(np.int64)[:, None]
    logits = (5 * np.log(truth / (1 - truth)))[:, None].astype(np.float32)
    scaling = fit_scaling(logits, targets)
    assert scaling.slopes[0] == pytest.approx(0.2, abs=0.03)
    p = scaling.probabilities(logits)[:, 0]
    assert expected_calibration_error(p, targets[:, 0] == 1) < 0.05


def test_a_label_too_rare_to_scale_is_left_alone() -> None:
    scaling = fit_scaling(np.zeros((50, 1), np.float32), np.array([[1]] + [[0]] * 49))
    assert (scaling.slopes, scaling.offsets, scaling.thresholds) == ([1.0], [0.0], [0.5])


def test_a_threshold_is_drawn_towards_a_half() -> None:
    p = np.array([0.2] * 20 + [0.25] * 5 + [0.05] * 50)
    y = np.array([1] * 20 + [1] * 5 + [0] * 50)
    assert 0.3 < best_threshold(p, y) < 0.5
