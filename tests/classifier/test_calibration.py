from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.calibration import OrdinalModel, PlattScaling, adjacent_set, needed_coverage

WEIGHTS = st.lists(st.floats(0.01, 1), min_size=2, max_size=7)


def ordinal() -> OrdinalModel:
    return OrdinalModel(levels=["a", "b", "c"], features=["x", "y"], weights=[2.0, -1.0], cuts=[0.0, 1.5])


@given(st.floats(-30, 30))
def test_probabilities_add_up_to_one(score: float) -> None:
    found = ordinal().probabilities(score)
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()


@given(st.floats(-20, 20), st.floats(0, 5))
def test_a_higher_score_never_makes_a_lower_label_likelier(score: float, more: float) -> None:
    lower, higher = ordinal().probabilities(score), ordinal().probabilities(score + more)
    assert (np.cumsum(higher) <= np.cumsum(lower) + 1e-12).all()


@given(WEIGHTS, st.floats(0.01, 0.99))
def test_a_set_is_adjacent_and_holds_its_coverage(weights: list[float], coverage: float) -> None:
    p = [w / sum(weights) for w in weights]
    first, last = adjacent_set(p, coverage)
    assert first <= int(np.argmax(p)) <= last
    assert sum(p[first : last + 1]) >= coverage - 1e-9


@given(WEIGHTS, st.data())
def test_needed_coverage_is_the_least_that_holds_the_label(weights: list[float], data: st.DataObject) -> None:
    p = [w / sum(weights) for w in weights]
    label = data.draw(st.integers(0, len(p) - 1))
    needed = needed_coverage(p, label)
    first, last = adjacent_set(p, needed + 1e-6)
    assert first <= label <= last
    if needed > 0:
        first, last = adjacent_set(p, needed - 1e-6)
        assert not first <= label <= last


def test_platt_scaling_turns_logits_into_probabilities() -> None:
    scaling = PlattScaling(slopes=[1.0, 2.0], offsets=[0.0, 1.0], thresholds=[0.5, 0.5])
    found = scaling.probabilities(np.array([[0.0, 0.0], [100.0, -100.0]], np.float32))
    assert found[0].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-1))])
    assert found[1].tolist() == pytest.approx([1, 0], abs=1e-9)
