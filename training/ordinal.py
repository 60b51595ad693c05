"""Fit a proportional-odds model with signed weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from classifier.calibration import OrdinalModel

Array = NDArray[np.float64]

# Ten weights for strength want holding; four for a tier hardly do.
STRENGTH_RIDGE = 0.005
TIER_RIDGE = 0.0001


def fit_ordinal(
    values: Array,
    labels: NDArray[np.int64],
    levels: Sequence[str],
    features: dict[str, int],
    *,
    ridge: float = STRENGTH_RIDGE,
) -> OrdinalModel:
    """Fit P(label > k) = sigmoid(w.x - cut_k) by penalised maximum likelihood, each weight held to its feature's sign.

    `values` has shape (documents, features), `labels` shape (documents,) with indices into `levels`. `ridge` shrinks the weights.
    Cuts are kept at least 0.05 apart; a level without documents gets a narrow band rather than none.
    """
    count, width, steps = len(labels), len(features), len(levels) - 1
    signs = list(features.values())

    def unpack(parameters: Array) -> tuple[Array, Array]:
        cuts = parameters[width] + np.concatenate([[0.0], np.cumsum(parameters[width + 1 :])])
        return parameters[:width], cuts

    def cost(parameters: Array) -> float:
        weights, cuts = unpack(parameters)
        score = values @ weights
        above = 1 / (1 + np.exp(-np.clip(score[:, None] - cuts[None, :], -35, 35)))
        edges = np.hstack([np.ones((count, 1)), above, np.zeros((count, 1))])
        chosen = edges[np.arange(count), labels] - edges[np.arange(count), labels + 1]
        return float(-np.log(np.clip(chosen, 1e-9, None)).mean() + ridge * (weights**2).mean())

    start = np.concatenate([np.array(signs, dtype=float), [-1.0], np.full(steps - 1, 1.0)])
    bounds: list[tuple[float | None, float | None]] = [(0.0, 30.0) if s > 0 else (-30.0, 0.0) for s in signs]
    bounds += [(-40.0, 40.0), *[(0.05, 40.0)] * (steps - 1)]
    result = minimize(cost, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000})
    weights, cuts = unpack(result.x)
    return OrdinalModel(
        levels=list(levels),
        features=list(features),
        weights=[round(float(w), 6) for w in weights],
        cuts=[round(float(c), 6) for c in cuts],
    )


def out_of_fold(
    values: Array,
    labels: NDArray[np.int64],
    groups: Sequence[str],
    levels: Sequence[str],
    features: dict[str, int],
    folds: int = 10,
    *,
    ridge: float = STRENGTH_RIDGE,
) -> list[Array]:
    """Return each document's probabilities from a model fitted without its group, in `folds` folds by group."""
    names = sorted(set(groups))
    fold_of = {name: i % folds for i, name in enumerate(names)}
    held = np.array([fold_of[group] for group in groups])
    found: list[Array] = [np.zeros(len(levels))] * len(labels)
    for fold in range(folds):
        inside, outside = np.flatnonzero(held == fold), np.flatnonzero(held != fold)
        if len(inside) and len(outside):
            model = fit_ordinal(values[outside], labels[outside], levels, features, ridge=ridge)
            for i in inside:
                found[i] = model.probabilities(model.score(values[i]))
    return found
