"""Limits by a clock that the test turns: no test here waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.limits import Attempts, Rate


class Clock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.moment = 1000.0

    def __call__(self) -> float:
        return self.moment


def test_a_minute_may_be_spent_at_once_and_comes_back_evenly() -> None:
    clock = Clock()
    rate = Rate(clock)
    taken = [rate.take("a", 60) for _ in range(60)]
    assert not any(one.spent for one in taken)
    assert [one.left for one in taken] == list(range(59, -1, -1))
    refused = rate.take("a", 60)
    assert refused.spent
    assert refused.left == 0
    assert refused.wait == pytest.approx(1.0)
    clock.moment += refused.wait + 1e-6
    assert not rate.take("a", 60).spent
    assert rate.take("a", 60).spent


def test_a_request_that_is_refused_costs_nothing() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.take("a", 1)
    for _ in range(100):
        assert rate.take("a", 1).wait == pytest.approx(60.0)
    clock.moment += 61
    assert not rate.take("a", 1).spent


def test_callers_do_not_share_a_bucket() -> None:
    rate = Rate(Clock())
    assert not rate.take("a", 1).spent
    assert rate.take("a", 1).spent
    assert not rate.take("b", 1).spent


def test_a_rate_that_is_lowered_holds_at_once() -> None:
    rate = Rate(Clock())
    rate.take("a", 600)
    assert rate.take("a", 2).left == 1
    assert not rate.take("a", 2).spent
    assert rate.take("a", 2).spent


@given(st.lists(st.floats(0, 30), min_size=1, max_size=200), st.integers(1, 20))
def test_no_minute_lets_more_than_twice_the_rate_through(pauses: list[float], per_minute: int) -> None:
    clock = Clock()
    rate, passed = Rate(clock), list[float]()
    for pause in pauses:
        clock.moment += pause
        if not rate.take("a", per_minute).spent:
            passed.append(clock.moment)
    for begun in passed:
        assert sum(begun <= moment < begun + 60 for moment in passed) <= 2 * per_minute


def test_what_is_remembered_is_bounded() -> None:
    clock = Clock()
    rate, attempts = Rate(clock, most=10), Attempts(clock, most=10)
    for number in range(1000):
        rate.take(f"address {number}", 60)
        attempts.begin(f"name {number}", "address")
    assert len(rate) == 10
    assert len(attempts) <= 10


def test_threads_take_no_token_twice() -> None:
    rate = Rate(Clock())
    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda _: rate.take("a", 500).spent, range(1000)))
    assert spent.count(False) == 500


def test_ten_failures_are_one_too_few_to_go_on() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(10):
        assert attempts.begin("name a", "address x") == 0
        clock.moment += 60
    assert attempts.begin("name a", "address y") == pytest.approx(300)
    assert attempts.begin("name b", "address x") == pytest.approx(300)
    assert attempts.begin("name b", "address y") == 0
    clock.moment += 300
    assert attempts.begin("name a", "address x") == 0


def test_success_clears_the_name_but_not_what_else_the_address_tried() -> None:
    attempts = Attempts(Clock())
    for number in range(9):
        attempts.begin(f"name {number}", "address")
    assert attempts.begin("name mine", "address") == 0
    attempts.succeed("name mine", "address")
    assert attempts.begin("name other", "address") == 0
    assert attempts.begin("name other", "address") > 0


def test_attempts_at_once_are_counted_before_they_fail() -> None:
    attempts = Attempts(Clock())
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: attempts.begin("name", "address"), range(100)))
    assert waits.count(0) == 10
