"""From scores to probabilities that mean something, and to sets of labels that hold the right one as often as they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Array = NDArray[np.float64]


class PlattScaling(BaseModel):
    """Per label a slope and an offset on the logit, and the probability from which the label is given. Platt (1999)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slopes: list[float]
    offsets: list[float]
    thresholds: list[float]

    def probabilities(self, logits: NDArray[np.float32]) -> Array:
        """Return probabilities of shape (passages, labels) from logits of the same shape."""
        scaled = logits.astype(np.float64) * np.array(self.slopes) + np.array(self.offsets)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scaled, -30, 30))))


class OrdinalModel(BaseModel):
    """A proportional-odds model over ordered labels: P(label > k) = sigmoid(score - cut_k). McCullagh (1980).

    Weights of features that may only raise a label are not negative, of those that may only lower it not positive, so that
    the label is monotone in each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: list[str]
    features: list[str]
    weights: list[float]
    cuts: list[float] = Field(description="ascending, one fewer than levels")

    def score(self, values: Array) -> float:
        """Return the score of one document's feature values."""
        return float(np.dot(values, self.weights))

    def probabilities(self, score: float) -> Array:
        """Return the probability of each level, shape (levels,), adding up to 1."""
        above = 1.0 / (1.0 + np.exp(-np.clip(score - np.array(self.cuts), -30, 30)))
        edges = np.concatenate([[1.0], above, [0.0]])
        return np.asarray(np.maximum(edges[:-1] - edges[1:], 0.0))


def adjacent_set(probabilities: Sequence[float], coverage: float) -> tuple[int, int]:
    """Return the first and last index of the run of adjacent labels grown from the likeliest until it holds `coverage`."""
    first = last = int(np.argmax(probabilities))
    held = probabilities[first]
    while held < coverage - 1e-12 and (first > 0 or last < len(probabilities) - 1):
        below = probabilities[first - 1] if first > 0 else -1.0
        above = probabilities[last + 1] if last < len(probabilities) - 1 else -1.0
        if above >= below:
            last += 1
            held += above
        else:
            first -= 1
            held += below
    return first, last


def needed_coverage(probabilities: Sequence[float], label: int) -> float:
    """Return the least `coverage` at which `adjacent_set` holds the label: the conformity score of split conformal prediction."""
    first = last = int(np.argmax(probabilities))
    held = 0.0
    while not first <= label <= last:
        held = sum(probabilities[first : last + 1])
        first, last = adjacent_set(probabilities, held + 1e-9)
    return held
