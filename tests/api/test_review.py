"""Orders of the queue, what further reviews are worth, and what the prediction does to people, each told from plain figures."""

from __future__ import annotations

from collections import Counter

import pytest

from api.review import Candidate, Figures, Reviewed, compared, figures_of, ordered, outlook, rates, share_of
from classifier.codebook import Codebook

_SURE = {"very_weak": 0.0, "weak": 0.0, "neither": 0.1, "strong": 0.9, "very_strong": 0.0}


def candidate(name: str, error: float = 0.1, information: float = 1.0, apart: int = 0, authority: str | None = None) -> Candidate:  # fmt: skip
    return Candidate(name, f"{name}.pdf", authority, 2024, Figures(error, error * 2, information), apart)


def names(found: list[Candidate]) -> list[str]:
    return [c.document_id for c in found]


def test_figures_are_told_from_probabilities() -> None:
    found = figures_of("strong", _SURE, {"primary": [0.5, 1.0], "tertiary": [0.5, 0.0]})
    assert (found.error, found.steps, found.information) == pytest.approx((0.1, 0.1, 2.0))
    assert figures_of(None, {}, {}).error == 1, "nothing could be read, so nothing is known"
    longer = figures_of("strong", _SURE, {"primary": [0.5] * 500})
    assert longer.information == 20, "a long document is not worth more for its length"


def test_the_least_certain_comes_first() -> None:
    found = [candidate("a", 0.1), candidate("b", 0.6), candidate("c", 0.3)]
    assert names(ordered(found, "least_certain")) == ["b", "c", "a"]


def test_a_second_document_of_an_authority_teaches_less() -> None:
    found = [
        candidate("a", information=10, authority="Saltmarsh"), candidate("b", information=9, authority="Saltmarsh"),
        candidate("c", information=6, authority="Ashby"), candidate("d", information=8),
    ]  # fmt: skip
    assert names(ordered(found, "most_informative")) == ["a", "d", "c", "b"]


def test_what_models_or_people_dispute_comes_first() -> None:
    found = [candidate("a", 0.9), candidate("b", 0.1, apart=3), candidate("c", 0.2, apart=3)]
    assert names(ordered(found, "disagreement")) == ["c", "b", "a"]


def test_a_random_order_is_the_seeds_and_favours_nothing() -> None:
    found = [candidate(f"doc_{n}", n / 200) for n in range(200)]
    first = ordered(found, "random", 1)
    assert names(first) == names(ordered(found[::-1], "random", 1)) != names(ordered(found, "random", 2))
    heads = Counter(c.document_id for seed in range(300) for c in ordered(found, "random", seed)[:20])
    assert len(heads) == 200, "each document has come among the first twenty in some order"
    mean = sum(c.figures.error for seed in range(300) for c in ordered(found, "random", seed)[:20]) / (300 * 20)
    assert mean == pytest.approx(sum(c.figures.error for c in found) / 200, abs=0.02)


def test_authorities_come_by_name_and_unnamed_ones_last() -> None:
    found = [candidate("a"), candidate("b", authority="Saltmarsh"), candidate("c", authority="Ashby")]
    assert names(ordered(found, "authority")) == ["c", "b", "a"]


def test_each_review_takes_its_document_out_of_the_expected_error() -> None:
    found = ordered(
        [candidate(f"d{n:02}", error) for n, error in enumerate([0.5, 0.3, 0.2, *[0.1] * 7])], "least_certain"
    )
    points = {point.reviews: point for point in outlook(found, reviewed=10)}
    assert points[0].expected_error == pytest.approx((0.5 + 0.3 + 0.2 + 0.7) / 20)
    assert points[5].expected_error == pytest.approx(0.1 * 5 / 20)
    assert points[10].expected_error == points[10].expected_steps == 0
    assert outlook([], 0) == []


def test_a_share_is_a_share_of_all_and_a_documents_own() -> None:
    found = [share_of(f"doc_{n}", "blind") < 0.2 for n in range(5000)]
    assert sum(found) / 5000 == pytest.approx(0.2, abs=0.02)
    assert share_of("doc_1", "blind") == share_of("doc_1", "blind") != share_of("doc_1", "double")


def test_a_review_is_compared_where_both_answer(codebook: Codebook) -> None:
    said = {"strength": "weak", "carers": "yes", "loneliness": "yes"}
    found = compared(said, {"strength": "very_strong", "carers": "yes"}, codebook, blind=True)
    assert found == Reviewed(blind=True, answered=2, differing=1, steps=3)
    assert compared(said, {}, codebook, blind=False).steps is None


def test_anchoring_is_how_much_more_people_differ_where_the_prediction_is_hidden() -> None:
    shown = [Reviewed(False, 10, 1 if n % 5 == 0 else 0, 0) for n in range(50)]
    hidden = [Reviewed(True, 10, 3, 2) for _ in range(50)]
    found = rates([*shown, *hidden, Reviewed(True, 0, 0, None)])
    assert (found.shown.reviews, found.hidden.reviews) == (50, 50)
    assert found.shown.overridden.value == pytest.approx(0.2)
    assert found.hidden.overridden.value == 1
    assert found.hidden.steps.value == 2
    assert found.anchoring.value == pytest.approx(0.3 - 0.02)
    assert found.anchoring.low > 0.2
    assert rates([]).anchoring.value == 0
