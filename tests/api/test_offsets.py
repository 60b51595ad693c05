"""Offsets in UTF-16 units and in code points."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.offsets import OffsetError, Utf16Offsets

TEXTS = st.text(st.sampled_from("ab \n£é😀🐱\uffff𝔘"), max_size=30)


@given(TEXTS)
def test_an_offset_is_what_the_encoded_text_says_and_comes_back(text: str) -> None:
    offsets = Utf16Offsets(text)
    for point in range(len(text) + 1):
        unit = offsets.to_units(point)
        assert unit == len(text[:point].encode("utf-16-le")) // 2
        assert offsets.to_points(unit) == point


@given(TEXTS, st.integers(-3, 70))
def test_an_offset_that_points_nowhere_is_refused(text: str, unit: int) -> None:
    offsets = Utf16Offsets(text)
    if unit in {offsets.to_units(point) for point in range(len(text) + 1)}:
        return
    with pytest.raises(OffsetError, match=f"offset {unit}: "):
        offsets.to_points(unit)


def test_an_offset_beyond_the_text_is_refused() -> None:
    with pytest.raises(OffsetError, match="the text has 2 code points"):
        Utf16Offsets("a😀").to_units(3)
