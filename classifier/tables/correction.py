"""What a model's labels say of the true shares, once its known error is taken out.

A model that mistakes one label for another gives biased shares, however many documents it reads. From a table of how often each true
label was given each label, the shares follow by maximum likelihood under known misclassification: Buonaccorsi (2010), "Measurement
Error", chapter 3, by the EM of Dempster, Laird and Rubin (1977). For two labels it is the estimate of Rogan and Gladen (1978), held to
[0, 1]. It presumes that the model errs here as it did where it was measured (label shift; Saerens et al. 2002, Lipton et al. 2018).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifier.codebook import STRENGTHS
from classifier.errors import LabelledDataError
from classifier.tables.intervals import Interval

Array = NDArray[np.float64]
Counts = NDArray[np.int64]
_STEPS = 1500
_DRAWS = 400
YES_NO = ("no", "yes")


class _Measured(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Strength(_Measured):
    confusion: list[list[int]] = Field(min_length=len(STRENGTHS), max_length=len(STRENGTHS))


class _F1(_Measured):
    value: float


class _Level(_Measured):
    key: str
    documents: int
    positives: int
    accuracy: float
    f1: _F1
    by_level: dict[str, float]


class Evaluation(_Measured):
    """What was measured of a model, as `prevention evaluate --output` writes it: rows of a confusion are true labels."""

    strength: _Strength
    criteria: list[_Level] = []

    @property
    def documents(self) -> int:
        """Count the documents that strength was measured on."""
        return sum(map(sum, self.strength.confusion))

    def confusion(self, key: str) -> Counts | None:
        """Return how often each true level (rows) was given each level (columns); None where it was not measured."""
        if key == "strength":
            return np.array(self.strength.confusion, dtype=np.int64)
        return next((_two_by_two(level) for level in self.criteria if level.key == key), None)


def _two_by_two(level: _Level) -> Counts | None:
    """Recover the four counts from documents, positives, accuracy and F1 of yes: with w wrong, F1 = 2 hits / (2 hits + w)."""
    if set(level.by_level) != set(YES_NO):
        return None
    wrong, f1 = round((1 - level.accuracy) * level.documents), level.f1.value
    hits = level.positives if wrong == 0 else round(f1 * wrong / (2 * (1 - f1))) if f1 < 1 else level.positives
    missed = level.positives - hits
    false = wrong - missed
    kept = level.documents - level.positives - false
    return np.array([[kept, false], [missed, hits]]) if min(missed, false, kept) >= 0 else None


def load_evaluation(path: Path) -> Evaluation:
    """Read a model's `metrics.json`, or what `prevention evaluate --output` wrote; raise `LabelledDataError` with the fault."""
    try:
        found: Any = json.loads(path.read_text(encoding="utf-8"))
        return Evaluation.model_validate(found.get("documents_held_out", found) if isinstance(found, dict) else found)
    except OSError as error:
        raise LabelledDataError(f"{path}: cannot be read ({error.strerror}); name an evaluation") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise LabelledDataError(f"{path}: not JSON ({error}); write it by `prevention evaluate --output`") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise LabelledDataError(
            f"{path}: {place}: {first['msg']}; write it by `prevention evaluate --output`"
        ) from error


@dataclass(frozen=True, slots=True)
class Corrected:
    """One level: what the model gave, what people confirmed, and what is likely once the model's error is taken out."""

    key: str
    words: str
    raw: int
    confirmed: int
    estimate: float
    interval: Interval
    base: int


def prevalence(given: Array, confusion: Array) -> Array:
    """Return the most likely true shares; `given` are counts of shape (..., levels), `confusion` (..., true, given)."""
    rows = confusion.sum(axis=-1, keepdims=True)
    # A level that was never measured is taken to be given rightly.
    rates = np.where(rows > 0, confusion / np.maximum(rows, 1e-12), np.eye(confusion.shape[-1]))
    shares = np.full(np.broadcast_shapes(given.shape, confusion.shape[:-1]), 1 / given.shape[-1])
    observed = given / np.maximum(given.sum(axis=-1, keepdims=True), 1e-12)
    for _ in range(_STEPS):
        expected = np.einsum("...t,...tg->...g", shares, rates)
        ratio = np.where(observed > 0, observed / np.maximum(expected, 1e-12), 0.0)
        renewed = shares * np.einsum("...tg,...g->...t", rates, ratio)
        if np.abs(renewed - shares).max() < 1e-9:
            break
        shares = renewed
    found: Array = shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-12)
    return found


def corrected(
    key: str, levels: Sequence[str], words: Sequence[str], proposed: Sequence[int], unconfirmed: Sequence[int],
    confirmed: Sequence[int], confusion: Counts, seed: int = 0,
) -> list[Corrected]:  # fmt: skip
    """Return the corrected count of every level, with a bootstrap interval over both the documents and the measurement.

    `proposed` counts all that the model gave, `unconfirmed` those that no person has looked at, `confirmed` what people said.
    What people said stands as it is; only the rest is corrected. Only that part has an interval.
    """
    left, held = np.array(unconfirmed, dtype=float), np.array(confirmed, dtype=float)
    n, base = int(left.sum()), int(left.sum() + held.sum())
    estimate = held + n * prevalence(left, confusion.astype(float))
    dice = np.random.default_rng(seed)
    totals = confusion.sum(axis=1)
    drawn = np.stack(
        [
            dice.multinomial(t, confusion[i] / t, _DRAWS) if t else np.zeros((_DRAWS, len(levels)))
            for i, t in enumerate(totals)
        ],
        axis=1,
    )
    given = dice.multinomial(n, left / n, _DRAWS) if n else np.zeros((_DRAWS, len(levels)))
    spread = held + n * prevalence(given.astype(float), drawn.astype(float))
    low, high = np.percentile(spread, [2.5, 97.5], axis=0)
    return [
        Corrected(f"{key}.{level}", said, proposed[i], confirmed[i], float(estimate[i]), Interval(float(low[i]), float(high[i])), base)
        for i, (level, said) in enumerate(zip(levels, words, strict=True))
    ]  # fmt: skip
