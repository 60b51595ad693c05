"""Families of documents, and the text that many share."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.families.boilerplate import passage_weights, shared_passages
from classifier.families.kinship import Candidate, Relation, families, relate
from classifier.families.sketch import Likeness, likeness, sketch

WORDS = [
    a + b
    for a in ("ba", "ce", "di", "fo", "gu", "ha", "je", "ki")
    for b in ("lon", "mer", "nat", "pol", "rus", "sev", "tim", "vor")
]


def prose(seed: int, words: int = 3000) -> list[str]:
    dice = random.Random(seed)
    return [dice.choice(WORDS) for _ in range(words)]


def edited(words: list[str], share: float, seed: int = 9) -> list[str]:
    """Replace a share of the words, in blocks of forty, as an editor rewrites paragraphs."""
    dice, found = random.Random(seed), list(words)
    for start in range(0, len(words), 40):
        if dice.random() < share:
            found[start : start + 40] = prose(seed + start, 40)
    return found


def candidate(name: str, words: list[str], authority: str = "", year: int | None = None, digest: str = "") -> Candidate:
    authorities = frozenset(authority.split("+")) if authority else frozenset()
    return Candidate(name, digest or name, sketch(" ".join(words)), name, authorities, year)


STRATEGY = prose(1)
CASES: list[tuple[Candidate, Candidate, Relation | None]] = [
    (candidate("a", STRATEGY, "saltmarsh", 2016, digest="d"), candidate("b", STRATEGY, "saltmarsh", 2016, digest="d"), "copy"),
    (candidate("a.pdf", STRATEGY), candidate("a.docx", STRATEGY), "copy"),
    (candidate("a", STRATEGY), candidate("b", edited(STRATEGY, 0.05)), "near_copy"),
    (candidate("a", STRATEGY), candidate("b", edited(STRATEGY, 0.5)), None),
    (candidate("final", STRATEGY, "saltmarsh", 2016), candidate("consultation-draft", edited(STRATEGY, 0.3), "saltmarsh", 2016), "draft"),
    (candidate("s-2016", STRATEGY, "saltmarsh", 2016), candidate("s-2019", edited(STRATEGY, 0.4), "saltmarsh", 2019), "refresh"),
    (candidate("s-2016", STRATEGY, "saltmarsh", 2016), candidate("addendum", STRATEGY[:900] + prose(5, 300), "saltmarsh", 2017), "addendum"),
    (candidate("a", STRATEGY, "bournemouth", 2016), candidate("b", edited(STRATEGY, 0.03), "poole", 2016), "joint"),
    (candidate("a", STRATEGY, "bournemouth", 2016), candidate("b", STRATEGY, "poole", 2016), "joint"),
    (candidate("a", STRATEGY, "bournemouth+poole", 2016), candidate("b", STRATEGY, "poole", 2016), "copy"),
    (candidate("a", STRATEGY, "saltmarsh", 2016), candidate("b", edited(STRATEGY, 0.5), "eddlesham", 2016), None),
    (candidate("a", STRATEGY, "saltmarsh", 2016), candidate("b", prose(2), "saltmarsh", 2019), None),
    (candidate("blank", []), candidate("scan", []), None),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "relation"), CASES, ids=range(len(CASES)))
def test_relations(first: Candidate, second: Candidate, relation: Relation | None) -> None:
    for a, b in ((first, second), (second, first)):
        link = relate(a, b)
        assert (link.relation if link else None) == relation


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_the_sample_is_near_the_whole(share: float) -> None:
    long, other = prose(1, 20_000), edited(prose(1, 20_000), share)
    runs = [{tuple(words[i : i + 8]) for i in range(len(words) - 7)} for words in (long, other)]
    whole = len(runs[0] & runs[1]) / len(runs[0] | runs[1])
    assert likeness(sketch(" ".join(long)), sketch(" ".join(other))).resemblance == pytest.approx(whole, abs=0.03)


def test_a_family_counts_its_newest_final_once() -> None:
    found = families(
        [
            candidate("s-2016", STRATEGY, "saltmarsh", 2016),
            candidate("other", prose(3), "eddlesham", 2016),
            candidate("s-2019", edited(STRATEGY, 0.3), "saltmarsh", 2019),
            candidate("s-2020-draft", edited(STRATEGY, 0.3), "saltmarsh", 2020),
            candidate("copy", STRATEGY, "saltmarsh", 2016),
        ]
    )
    assert [(family.counts, family.members) for family in found] == [
        ("s-2019", ("s-2016", "s-2019", "s-2020-draft", "copy"))
    ]
    assert {link.relation for link in found[0].links} == {"refresh", "draft", "copy"}


def test_boilerplate_of_many_makes_no_family() -> None:
    boilerplate = prose(99, 400)
    many = [candidate(f"d{i}", prose(i + 200, 900) + boilerplate, f"council {i}", 2016) for i in range(60)]
    assert families(many) == []


def test_thousands_of_copies_are_one_family() -> None:
    found = families([candidate(f"c{i}", STRATEGY[:300]) for i in range(2000)])
    assert [len(family.members) for family in found] == [2000]


def test_short_documents_are_told_apart() -> None:
    short = prose(4, 60)
    found = families([candidate("a", short), candidate("b", [*short[:-1], "changed"]), candidate("c", prose(6, 60))])
    assert [family.members for family in found] == [("a", "b")]


@given(st.text(max_size=200), st.text(max_size=200))
def test_likeness_is_a_share_and_has_no_order(first: str, second: str) -> None:
    a, b = sketch(first), sketch(second)
    found = likeness(a, b)
    assert found == likeness(b, a)
    assert 0.0 <= found.resemblance <= found.contained <= 1.0
    assert likeness(a, a) == (Likeness(1.0, 1.0) if a.words else Likeness(0.0, 0.0))


def test_what_many_share_is_shown_once_and_weighs_once() -> None:
    duty = "The Care Act places a duty on councils to prevent, reduce and delay needs."
    passages = {
        "a": [duty, "Our own plan for reablement after a stay in hospital this winter."],
        "a-draft": [duty],
        "b": ["THE CARE ACT places a duty on councils to prevent reduce and delay needs", "Contents page"],
        "c": [duty, duty, "Contents page"],
        "d": ["Contents page"],
    }
    found = shared_passages(passages, {"a": "a", "a-draft": "a"})
    assert [(one.text, one.documents, one.owners) for one in found] == [(duty, ("a", "a-draft", "b", "c"), 3)]
    assert passage_weights(passages["a"], found) == [pytest.approx(1 / 3), 1.0]
    assert shared_passages(passages, {"a": "a", "a-draft": "a"}, least=4) == []
