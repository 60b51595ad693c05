"""A quote is in its passage word for word, or it is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.second_reader.quotes import find_quote, plain, without_unfounded
from api.second_reader.tokens import count_tokens
from tests.conftest import ROOT

TEXT = "We will not fund re-\nablement for  people at home. Self-care is the ﬁrst step."


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("reablement for people", "re-\nablement for  people"),
        ("  people at\nhome. Self care", None),
        ("Selfcare is the first step", "Self-care is the ﬁrst step"),
        ("Self-care is the first", "Self-care is the ﬁrst"),
        ("we will not fund", None),
        ("We will fund reablement", None),
        ("ill not fund re-ablement", None),
        ("home", None),
        ("a", None),
        ("", None),
        ("--- \n ---", None),
    ],
)
def test_only_what_stands_there_is_found(quote: str, found: str | None) -> None:
    span = find_quote(quote, TEXT)
    assert (None if span is None else TEXT[slice(*span)]) == found


@given(st.text(min_size=1, max_size=60), st.text(max_size=20))
def test_a_span_that_is_found_says_what_was_quoted(text: str, quote: str) -> None:
    span = find_quote(quote, text)
    if span is not None:
        assert 0 <= span[0] < span[1] <= len(text)
        assert find_quote(text[slice(*span)], text) is not None


def test_quotations_in_a_models_own_words_are_looked_for_too() -> None:
    told = "It says “self-care is the” and \"prevention is dead\", 'no money at all'; the board's aim isn't clear."
    told, taken = without_unfounded(told.replace("self", "Self"), [TEXT])
    assert taken == 2
    assert "Self-care is the" in told
    assert "prevention is dead" not in told
    assert "no money" not in told
    assert told.endswith("the board's aim isn't clear.")


def test_words_to_be_shown_are_one_line_and_not_long() -> None:
    assert plain("one\n\ttwo\x1b[31m \u202ethree", 100) == "one two [31m three"
    assert len(plain("word " * 1000, 50)) <= 50


def test_tokens_are_counted_on_the_safe_side() -> None:
    from tokenizers import Tokenizer

    folder = ROOT / "models" / (ROOT / "models/CURRENT").read_text(encoding="utf-8").strip()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    text = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
    told = len(tokenizer.encode(text, add_special_tokens=False).ids)
    assert told <= count_tokens(text) <= 2 * told
