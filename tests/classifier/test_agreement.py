"""Agreement, against published worked examples, and what must hold of it anyway."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.agreement import (
    agreed,
    bootstrap,
    cohen_kappa,
    confusion,
    ordinal_alpha,
    pair_agreement,
    quadratic_kappa,
)

# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", sections C and D: four observers, twelve units, some without a value.
_KRIPPENDORFF = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
# Agresti, "Categorical Data Analysis", 2nd edition, table 10.8: two pathologists on carcinoma in 118 slides (Landis and Koch 1977).
_CARCINOMA = [[22, 2, 2, 0], [5, 7, 14, 0], [0, 2, 36, 0], [0, 1, 17, 10]]


def _ratings(text: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array(
        [[float("nan") if v == "." else float(v) for v in row.split()] for row in text.strip().splitlines()]
    )


def _pairs(table: list[list[int]]) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], ...]:
    pairs = [(i, j) for i, row in enumerate(table) for j, count in enumerate(row) for _ in range(count)]
    return tuple(np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))


def test_alpha_is_the_one_that_krippendorff_computes() -> None:
    assert ordinal_alpha(_ratings(_KRIPPENDORFF)) == pytest.approx(0.815, abs=0.0005)


def test_kappas_are_those_of_the_pathologists() -> None:
    a, b = _pairs(_CARCINOMA)
    assert cohen_kappa(a, b) == pytest.approx(0.493, abs=0.0005)
    assert quadratic_kappa(a, b, 4) == pytest.approx(0.78, abs=0.005)
    assert agreed(a, b) == pytest.approx(75 / 118)
    assert confusion(a, b, 4) == _CARCINOMA


def test_what_no_two_have_rated_counts_for_nothing() -> None:
    ratings = _ratings(_KRIPPENDORFF)
    alone = np.full((4, 3), np.nan)
    alone[0] = [1, 4, 5]
    assert ordinal_alpha(np.hstack([ratings, alone])) == ordinal_alpha(ratings)
    assert np.isnan(ordinal_alpha(alone))


def test_the_ends_of_the_scale() -> None:
    steps = np.array([0, 1, 2, 3, 4])
    assert quadratic_kappa(steps, steps, 5) == ordinal_alpha(np.stack([steps, steps]).astype(float)) == 1
    assert quadratic_kappa(steps, steps[::-1], 5) == pytest.approx(-1)
    same = np.zeros(5, dtype=np.int64)
    assert quadratic_kappa(same, same, 5) == 1
    assert np.isnan(cohen_kappa(same, same))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30))
def test_readers_may_change_places_and_items_their_order(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(side) for side in zip(*pairs, strict=True))
    assert quadratic_kappa(a, b, 5) == pytest.approx(quadratic_kappa(b, a, 5))
    assert quadratic_kappa(a[::-1], b[::-1], 5) == pytest.approx(quadratic_kappa(a, b, 5))
    forth, back = ordinal_alpha(np.stack([a, b]).astype(float)), ordinal_alpha(np.stack([b, a]).astype(float))
    assert forth == pytest.approx(back)
    assert forth <= 1 + 1e-12


def test_a_pair_has_every_figure_with_an_interval_that_holds_it() -> None:
    a, b = _pairs(_CARCINOMA)
    found = pair_agreement(a.tolist(), b.tolist(), 4, ordered=True, resamples=100)
    assert found.items == 118
    for figure in (found.percentage, found.quadratic_kappa, found.alpha):
        assert figure is not None
        assert figure.low < figure.value < figure.high
    named = pair_agreement([0, 1, 2], [0, 2, 2], 3, ordered=False, resamples=20)
    assert named.quadratic_kappa is named.alpha is None
    assert named.percentage.value == pytest.approx(2 / 3, abs=1e-4)


def test_an_interval_is_the_same_each_time() -> None:
    values = np.arange(50.0)
    first, again = (bootstrap(lambda drawn: float(values[drawn].mean()), 50, 200) for _ in range(2))
    assert first == again
    assert first.low < first.value == 24.5 < first.high
