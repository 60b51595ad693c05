"""Amounts as budgets write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.spend.amounts import header_scale, parse_amount


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1234", "1234"), ("1,234", "1234"), ("£1,234.50", "1234.50"), ("GBP 1 234", "1234"), ("£ 1\u00a0234", "1234"), (".5", "0.50"), ("(1,234)", "-1234"),
        ("£(1,234)", "-1234"), ("-£500", "-500"), ("£-500", "-500"), ("500-", "-500"), ("−500", "-500"), ("500 CR", "-500"), ("500DR", "500"), ("+500", "500"),
        ("£1.1m", "1100000"), ("1.2 million", "1200000"), ("450k", "450000"), ("£1.5bn", "1500000000"), ("(£2m)", "-2000000"), ("-", "0"), ("nil", "0"), ("0", "0"),
        ("１２３", "123"), ("1234.5600000001", "1234.56"), ("0.005", "0.01"),
    ],
)  # fmt: skip
def test_parse_amount(cell: str, amount: str) -> None:
    assert parse_amount(cell) == Decimal(amount)


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("tbc", "no amount"), ("", "no amount"), ("$5", "not in pounds"), ("5 EUR", "not in pounds"), ("12%", "a percentage"), ("1,000-2,000", "a range"),
        ("£1 to 2m", "a range"), ("1.234,56", "a comma where the point"), ("12,5", "a comma where the point"), ("1,23,456", "not a number"), ("1.2.3", "not a number"),
        ("12 apples", "not a number"), ("1e400", "not a number"), ("£", "no amount"), ("()", "no amount"), ("9999999999999", "more than"), ("٤", "not a number"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(cell: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        parse_amount(cell)


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("Budget (£000)", 1000), ("£'000", 1000), ("£000s", 1000), ("Budget £k", 1000), ("Cost in millions", 10**6), ("£m", 10**6), ("Net budget (thousands)", 1000),
        ("Budget 2024", 1), ("Amount", 1), ("Market value", 1), ("£", 1), ("Budget £’000", 1000),
    ],
)  # fmt: skip
def test_the_unit_stands_over_the_column(name: str, scale: int) -> None:
    assert header_scale(name) == scale


def test_a_cell_that_names_its_unit_is_not_scaled_twice() -> None:
    assert (parse_amount("12", 1000), parse_amount("£1.1m", 1000)) == (Decimal(12000), Decimal(1100000))


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_what_is_written_plainly_comes_back(amount: Decimal) -> None:
    assert parse_amount(f"{amount:,.2f}") == amount
    assert parse_amount(f"£{amount}" if amount >= 0 else f"(£{-amount})") == amount


@given(st.text(max_size=12))
def test_any_text_is_an_amount_or_a_rule(text: str) -> None:
    try:
        found = parse_amount(text)
    except ValueError as refused:
        rule = str(refused)
    else:
        rule = f"{found.is_finite()};"
    assert ";" in rule
    assert not rule.startswith("False")
