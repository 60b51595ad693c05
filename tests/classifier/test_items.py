"""Services are counted item by item, in the likeliest passages of a tier."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.codebook import Tier
from classifier.document import Passage
from classifier.encoder import Text
from classifier.features import Array
from classifier.items import count_services, items_of
from tests.conftest import KeywordModel, stub_heads

LABELS = list(KeywordModel.words)


def passage(text: str, number: int = 0) -> Passage:
    return Passage(f"p{number}", 1, 0, len(text), text)


def services(passages: list[Passage]) -> dict[Tier, Array]:
    heads, model = stub_heads(), KeywordModel()
    table = heads.scaling.probabilities(model.logits([Text(p.text) for p in passages]))
    probabilities = {label: table[:, i] for i, label in enumerate(LABELS)}
    return count_services(passages, probabilities, model, heads.scaling, LABELS)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("We will act early. Teams will visit homes.", ["We will act early.", "Teams will visit homes."]),
        (
            "We will: • open a memory café; • train every driver | 12 | by March 2024",
            ["open a memory café", "train every driver", "by March 2024"],
        ),
        ("One line without end", ["One line without end"]),
        ("Dr. A", ["Dr. A"]),
    ],
)
def test_a_text_comes_apart_into_its_items(text: str, items: list[str]) -> None:
    assert items_of(text) == items


def test_a_list_of_services_counts_for_more_than_a_sentence() -> None:
    one = services([passage("Reablement for everybody who leaves hospital.")])
    three = services(
        [
            passage(
                "• reablement at home for six weeks; • pulmonary rehabilitation in four halls; • a recovery café every night"
            )
        ]
    )
    assert three["tertiary"].sum() == pytest.approx(3 * one["tertiary"].sum(), rel=1e-6)
    assert three["primary"].sum() == 0


def test_what_a_passage_does_not_carry_is_not_counted() -> None:
    found = services(
        [passage("Minutes were taken. Members came late.", 0), passage("Screening was offered. It rained that day.", 1)]
    )
    assert found["secondary"][0] == 0
    assert found["secondary"][1] == pytest.approx(found["secondary"].sum())


def test_a_long_document_is_looked_into_only_so_far() -> None:
    many = [passage(f"Rehabilitation in hall {n} goes on. Recovery groups meet in hall {n}.", n) for n in range(200)]
    found = services(many)["tertiary"]
    assert np.count_nonzero(found) == 12
    assert found.sum() > 20


def test_a_document_without_passages_has_no_services() -> None:
    empty = {label: np.zeros(0) for label in LABELS}
    found = count_services([], empty, KeywordModel(), stub_heads().scaling, LABELS)
    assert {tier: len(values) for tier, values in found.items()} == {"primary": 0, "secondary": 0, "tertiary": 0}
