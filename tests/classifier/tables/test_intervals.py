"""Intervals against figures that the papers and the tables print."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from classifier.tables.intervals import (
    difference_interval,
    exact_change_test,
    exact_interval,
    mean_difference_interval,
    mean_interval,
    paired_interval,
)


@pytest.mark.parametrize(("count", "base"), [(0, 10), (5, 10), (10, 10), (61, 151), (1, 151), (4003, 10000)])
def test_exact_interval_is_that_of_scipy(count: int, base: int) -> None:
    theirs = binomtest(count, base).proportion_ci(method="exact")
    ours = exact_interval(count, base)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_difference_of_two_shares_as_newcombe_prints_it() -> None:
    found = difference_interval(56, 70, 48, 80)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_change_of_pairs_covers_as_often_as_it_says() -> None:
    dice = np.random.default_rng(1)
    cells = np.array([0.35, 0.1, 0.05, 0.5])
    held = [paired_interval(*map(int, dice.multinomial(151, cells))).holds(0.05) for _ in range(2000)]
    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


@given(st.tuples(*[st.integers(0, 60)] * 4).filter(lambda cells: sum(cells) > 0))
def test_change_of_pairs_holds_its_own_figure(cells: tuple[int, int, int, int]) -> None:
    found = paired_interval(*cells)
    assert -1.001 <= found.low <= (cells[1] - cells[2]) / sum(cells) <= found.high <= 1.001
    assert math.isfinite(found.low + found.high)


@given(st.integers(0, 40), st.integers(0, 40))
def test_change_test_is_that_of_scipy(gained: int, lost: int) -> None:
    expected = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert exact_change_test(gained, lost) == pytest.approx(expected)


def test_bootstrap_of_means_is_about_as_wide_as_the_normal_one() -> None:
    values = np.repeat([0.0, 1, 2, 3, 4], [1, 5, 50, 34, 61])
    error = values.std() / math.sqrt(len(values))
    found = mean_interval(values)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.06)
    both = mean_difference_interval(values, values)
    assert both.high - both.low == pytest.approx(2 * 1.96 * error * math.sqrt(2), rel=0.08)
