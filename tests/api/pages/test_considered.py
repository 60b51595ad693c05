"""Which passages come nearest to a criterion, and text cut where evidence begins and ends."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from api.pages.considered import LABEL_OF, Considered
from api.pages.criteria import Place
from api.pages.segments import shown_passages
from api.store.passages import LabelledPassage
from api.store.tables import StoredPassage
from classifier.codebook import Codebook


def passage(text: str, number: int = 0, **probabilities: float) -> LabelledPassage:
    row = StoredPassage(
        number=number, passage_id=f"{number:016x}", page=1, start=100, end=100 + len(text), text=text, boxes="[]", headings=json.dumps(["Aims"])
    )  # fmt: skip
    return LabelledPassage(row, probabilities)


def place(name: str, start: int, end: int, kind: str = "for", shade: str = "plain") -> Place:
    return Place(name, "carers", kind, "x" * (end - start), 1, start, end, [], f"{0:016x}", "", shade)


def nearest(codebook: Codebook, key: str, passages: list[LabelledPassage]) -> list[str]:
    return [one.passage.text for one in Considered(passages).nearest(codebook.criterion(key))]


def test_a_criterion_with_a_label_asks_for_the_likeliest(codebook: Codebook) -> None:
    likely: Mapping[str, float] = {"a": 0.2, "b": 0.4, "c": 0.1, "d": 0.3}
    passages = [passage(text, n, tertiary=p) for n, (text, p) in enumerate(likely.items())]
    assert nearest(codebook, "tertiary", passages) == ["b", "d", "a"]


def test_another_asks_for_the_words_of_its_definition(codebook: Codebook) -> None:
    passages = [passage("The board meets monthly."), passage("We work with charities and faith organisations.", 1), passage("Gaps in provision stay unmet.", 2)]  # fmt: skip
    assert nearest(codebook, "voluntary_sector", passages)[0].startswith("We work with charities")
    assert nearest(codebook, "unmet_need", passages)[0].startswith("Gaps in provision")
    assert nearest(codebook, "social_prescribing", passages[:1]) == []


def test_without_labels_or_passages_nothing_fails(codebook: Codebook) -> None:
    assert nearest(codebook, "tertiary", []) == []
    for criterion in codebook.criteria:
        Considered([passage("Words without probabilities.")]).nearest(criterion)


def test_each_label_is_one_of_the_codebook(codebook: Codebook) -> None:
    assert set(LABEL_OF.values()) <= set(codebook.labels)
    assert set(LABEL_OF) <= {criterion.key for criterion in codebook.criteria}


def test_text_is_cut_where_evidence_begins_and_ends() -> None:
    text = "zero one two three"
    (shown,) = shown_passages([passage(text)], [place("a", 105, 112, shade="tertiary"), place("b", 109, 118), place("c", 100, 104, "considered")])  # fmt: skip
    assert [(s.text, s.places, s.shade) for s in shown.segments] == [
        ("zero ", (), "plain"), ("one ", ("a",), "tertiary"), ("two", ("a", "b"), "tertiary"), (" three", ("b",), "plain"),
    ]  # fmt: skip
    assert shown.headings == ["Aims"]


@given(st.text(min_size=1, max_size=40), st.lists(st.tuples(st.integers(90, 150), st.integers(1, 60)), max_size=6))
def test_whatever_is_marked_the_text_stays_whole(text: str, spans: list[tuple[int, int]]) -> None:
    places = [place(str(n), start, start + length) for n, (start, length) in enumerate(spans)]
    (shown,) = shown_passages([passage(text)], places)
    assert "".join(segment.text for segment in shown.segments) == text
