"""What is selected on a page, found again in the text that was read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.quotes import QuoteError, boxes_within, find_quotes
from api.store.tables import StoredPassage

TEXT = "Reable\u00adment at home keeps people independent. The of\ufb01ce co-\nordinates it."


def passage(text: str, start: int = 0, name: str = "a" * 16, boxes: object = ()) -> StoredPassage:
    return StoredPassage(
        passage_id=name, page=3, start=start, end=start + len(text), text=text, boxes=json.dumps(boxes)
    )


@pytest.mark.parametrize(
    ("selected", "quote"),
    [
        ("Reablement at  home", "Reable\u00adment at home"),
        ("The office coordinates", "The of\ufb01ce co-\nordinates"),
        ("people\nindependent.", "people independent."),
        ("PEOPLE", "people"),
    ],
)
def test_a_viewers_words_are_found_as_they_were_read(selected: str, quote: str) -> None:
    (found,) = find_quotes(3, [passage(TEXT, 100)], selected)
    assert found.quote == quote
    assert TEXT[found.start - 100 : found.end - 100] == quote
    assert found.page == 3


def test_a_selection_over_two_passages_is_a_piece_of_each() -> None:
    pages = [passage("First passage ends here.", 0, "a" * 16), passage("Second one begins.", 30, "b" * 16)]
    one, two = find_quotes(3, pages, "ends here. Second one")
    assert (one.passage_id, one.quote) == ("a" * 16, "ends here.")
    assert (two.passage_id, two.quote, two.start) == ("b" * 16, "Second one", 30)


def test_where_words_stand_twice_the_place_that_was_selected_counts() -> None:
    pages = [passage("the same words", 0, "a" * 16, [[0, 10, 100, 20]]), passage("the same words", 20, "b" * 16, [[0, 50, 100, 60]])]  # fmt: skip
    (found,) = find_quotes(3, pages, "same words", [[30, 50, 90, 60]])
    assert (found.passage_id, found.boxes) == ("b" * 16, [[30, 50, 90, 60]])


@pytest.mark.parametrize(("selected", "said"), [("ab", "too short"), ("no such words here", "is not in the text that was read from page 3")])  # fmt: skip
def test_what_is_not_there_is_told(selected: str, said: str) -> None:
    with pytest.raises(QuoteError, match=said):
        find_quotes(3, [passage(TEXT)], selected)


def test_lines_are_cut_to_what_was_selected() -> None:
    lines = [[10, 0, 100, 10], [10, 12, 100, 22], [10, 24, 60, 34]]
    assert boxes_within(lines, [[50, 1, 100, 9], [0, 12, 70, 22]]) == [[50, 0, 100, 10], [10, 12, 70, 22]]
    assert boxes_within(lines, []) == lines


@given(st.text(min_size=12, max_size=60), st.data())
def test_any_piece_of_a_text_is_found_as_a_piece_of_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 8))
    end = data.draw(st.integers(start + 6, len(text)))
    try:
        (found,) = find_quotes(1, [passage(text)], text[start:end])
    except QuoteError as error:
        assert "too short" in str(error)  # noqa: PT017 - of some texts nothing is left to compare
        return
    assert text[found.start : found.end] == found.quote
