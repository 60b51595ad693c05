"""Templates: each compiles, and what is missing is an error and not an empty page."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from api.pages.assets import STATIC
from api.pages.rendering import percent, render, words

TEMPLATES = sorted((STATIC.parent / "templates").glob("*.html"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_template_is_one(path: Path) -> None:
    assert jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8")).body


def test_a_value_that_is_missing_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("problem.html", title="No detail")


def test_half_a_surrogate_pair_breaks_no_page() -> None:
    page = render("problem.html", 404, title="Not Found", detail="half of a pair: \ud83d")
    assert "half of a pair: ?" in bytes(page.body).decode()


def test_keys_of_the_codebook_are_words() -> None:
    assert words("very_strong") == "very strong"
    assert words("not_enough_text") == "not enough readable text"
    assert percent(0.125) == "12 %"
