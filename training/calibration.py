"""Fit what stands between logits and statements: Platt scaling, thresholds, and the coverage of label sets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from classifier.calibration import PlattScaling, needed_coverage

Array = NDArray[np.float64]


def fit_scaling(logits: NDArray[np.float32], targets: NDArray[np.int64]) -> PlattScaling:
    """Fit slope, offset and threshold per label on passages not trained on; arrays of shape (passages, labels).

    A label with fewer than five positives keeps slope 1, offset 0 and threshold 0.5.
    """
    slopes, offsets, thresholds = [], [], []
    for column in range(targets.shape[1]):
        x, y = logits[:, column].astype(np.float64), targets[:, column]
        if y.sum() < 5 or y.sum() > len(y) - 5:
            slope, offset, threshold = 1.0, 0.0, 0.5
        else:
            fitted = LogisticRegression(C=10.0).fit(x[:, None], y)
            slope, offset = max(float(fitted.coef_[0, 0]), 0.05), float(fitted.intercept_[0])
            threshold = best_threshold(1 / (1 + np.exp(-(slope * x + offset))), y)
        slopes.append(round(slope, 6))
        offsets.append(round(offset, 6))
        thresholds.append(round(threshold, 4))
    return PlattScaling(slopes=slopes, offsets=offsets, thresholds=thresholds)


def best_threshold(probabilities: Array, targets: NDArray[np.int64]) -> float:
    """Return the threshold with the best F1, drawn half-way to 0.5: few positives make the very best one a matter of luck."""
    grid = np.linspace(0.15, 0.75, 61)
    scores = np.array([f1_score(targets, probabilities >= t, zero_division=0) for t in grid])
    top = grid[scores >= scores.max() - 0.002]
    return float((np.median(top) + 0.5) / 2)


def conformal_coverage(probabilities: Sequence[Array], labels: Sequence[int], stated: float) -> float:
    """Return the mass a label set must hold so that it has the true label with the stated coverage. Split conformal prediction.

    `probabilities` come from models that have not seen the document. Angelopoulos and Bates (2021).
    """
    scores = np.sort([needed_coverage(p.tolist(), label) for p, label in zip(probabilities, labels, strict=True)])
    rank = min(len(scores) - 1, int(np.ceil((len(scores) + 1) * stated)) - 1)
    return float(min(0.999, scores[rank] + 1e-6))


def expected_calibration_error(probabilities: Array, hits: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the mean gap between confidence and accuracy over bins of equal count. Guo et al. (2017)."""
    order = np.argsort(probabilities)
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(part) / len(order) * abs(probabilities[part].mean() - hits[part].mean()) for part in parts))
