from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.document import Block, Box, Page, Passage, passage_id


def page_of(text: str, per_line: int = 10) -> Page:
    """A page whose characters are 5 points wide and stand in lines of `per_line`, 12 points apart."""
    boxes = np.array(
        [
            [20 + 5 * (i % per_line), 30 + 12 * (i // per_line), 25 + 5 * (i % per_line), 40 + 12 * (i // per_line)]
            for i in range(len(text))
        ],
        dtype=np.float32,
    )
    return Page(1, text, (), width=200.0, height=300.0, boxes=boxes.reshape(-1, 4))


def test_a_box_inside_out_is_refused() -> None:
    with pytest.raises(ValueError, match="inside out"):
        Box(5, 0, 1, 1)


def test_an_empty_block_is_refused() -> None:
    with pytest.raises(ValueError, match="start < end"):
        Block("paragraph", 3, 3)


def test_boxes_must_match_the_text() -> None:
    with pytest.raises(ValueError, match="code points"):
        Page(1, "abc", (), boxes=np.zeros((2, 4), np.float32))


def test_a_passage_must_hold_its_own_span() -> None:
    with pytest.raises(ValueError, match="text and span"):
        Passage("x", 1, 0, 5, "abc")


def test_a_span_over_two_lines_has_two_boxes() -> None:
    boxes = page_of("a" * 20).boxes_of(5, 15)
    assert [box.as_list() for box in boxes] == [[45, 30, 70, 40], [20, 42, 45, 52]]


def test_undrawn_characters_have_no_box() -> None:
    page = page_of("ab")
    assert page.boxes is not None
    page.boxes[:] = np.nan
    assert page.boxes_of(0, 2) == ()


@given(st.integers(1, 80), st.data())
def test_boxes_lie_inside_the_page_and_cover_every_character(length: int, data: st.DataObject) -> None:
    page = page_of("x" * length)
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    boxes = page.boxes_of(start, end)
    assert len(boxes) == (end - 1) // 10 - start // 10 + 1
    assert sum(box.x1 - box.x0 for box in boxes) == pytest.approx(5 * (end - start))
    assert all(0 <= b.x0 < b.x1 <= 200 and 0 <= b.y0 < b.y1 <= 300 for b in boxes)


@given(
    st.tuples(st.text(max_size=5), *[st.integers(0, 99)] * 3), st.tuples(st.text(max_size=5), *[st.integers(0, 99)] * 3)
)
def test_two_places_never_share_an_id(one: tuple[str, int, int, int], other: tuple[str, int, int, int]) -> None:
    assert (passage_id(*one) == passage_id(*other)) == (one == other)
