from __future__ import annotations

import pytest

from classifier.codebook import Codebook
from classifier.prediction import Prediction
from training.agreement import (
    SecondStrategy,
    agreement,
    load_second_readings,
    load_second_strategies,
    strength_agreement,
)
from training.data import LabelledPassage, load_passages, load_strategies


def test_kappa_of_two_readers_is_what_it_is_by_hand(codebook: Codebook) -> None:
    """20 both yes, 5 and 10 split, 15 both no: (0.7 - 0.5) / (1 - 0.5) = 0.4. Cohen (1960), as worked in textbooks."""
    passages, second = [], {}
    for i in range(50):
        a, b = i < 25, i < 20 or 25 <= i < 35
        passages.append(
            LabelledPassage(id=str(i), group="g", origin="invented", text="x", labels=["primary"] if a else [])
        )
        second[str(i)] = ["primary"] if b else []
    row = agreement(passages, second, codebook, resamples=20)[0]
    assert (row.first, row.second) == (25, 30)
    assert row.kappa.value == pytest.approx(0.4)
    assert row.f1 == pytest.approx(40 / 55, abs=1e-4)


def test_every_second_reading_is_of_a_passage_that_is_there(codebook: Codebook) -> None:
    second = load_second_readings()
    assert len(second) >= 1500
    assert second.keys() <= {p.id for p in load_passages(codebook)}
    assert {label for labels in second.values() for label in labels} <= set(codebook.labels)


def test_every_second_strategy_is_there() -> None:
    strategies, second = load_strategies(), load_second_strategies()
    assert len(second) >= 40
    assert second.keys() <= {row.file for row in strategies}
    assert strength_agreement(strategies, second, resamples=20).documents == len(second)


def test_disagreement_shows() -> None:
    rows = load_strategies()[:10]
    turned = {
        r.file: SecondStrategy(file=r.file, strength="weak" if r.strength != "weak" else "strong", tiers=r.tiers)
        for r in rows
    }
    assert strength_agreement(rows, turned, resamples=20).exact == 0


def test_a_person_and_a_machine_are_never_one_type() -> None:
    assert not issubclass(SecondStrategy, Prediction)
