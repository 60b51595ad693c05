from __future__ import annotations

import pytest

from classifier.codebook import Codebook
from classifier.prediction import Prediction
from training.agreement import (
    AdjudicatedPassage,
    AdjudicatedStrategy,
    SecondStrategy,
    agreement,
    first_readings,
    first_strategies,
    load_second_readings,
    load_second_strategies,
    strategy_agreement,
)
from training.data import DATA, LabelledPassage, load_passages, load_strategies, read_jsonl


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
    assert strategy_agreement(strategies, second, resamples=20).strength.documents == len(second)


def test_disagreement_shows() -> None:
    rows = load_strategies()[:10]
    turned = {
        r.file: SecondStrategy.model_validate(
            {**r.model_dump(), "strength": "weak" if r.strength != "weak" else "strong", "triple_definition": "part"}
        )
        for r in rows
    }
    found = strategy_agreement(rows, turned, resamples=20)
    assert found.strength.exact == 0
    assert all(tier.accuracy == 1 for tier in found.tiers)
    defined = next(score for score in found.criteria if score.key == "triple_definition")
    assert defined.accuracy == sum(r.triple_definition == "part" for r in rows) / 10


def test_what_was_decided_stands_in_the_data_and_what_was_read_beside_it(codebook: Codebook) -> None:
    passages = {p.id: p for p in load_passages(codebook)}
    decided = read_jsonl(DATA / "adjudicated_passages.jsonl", AdjudicatedPassage.model_validate_json)
    second = load_second_readings()
    assert len(decided) >= 150
    for row in decided:
        assert set(passages[row.id].labels) == set(row.decided)
        assert set(second[row.id]) == set(row.second) != set(row.first)
    first = {p.id: p.labels for p in first_readings(list(passages.values()))}
    assert all(first[row.id] == row.first for row in decided)
    # Every disagreement of the two readers was decided.
    open_ = [i for i, labels in second.items() if set(first[i]) != set(labels) and i not in {r.id for r in decided}]
    assert not open_


def test_decided_criteria_stand_in_the_strategies() -> None:
    rows = {row.file: row.model_dump() for row in load_strategies()}
    first = {row.file: row.model_dump() for row in first_strategies(load_strategies())}
    for doubt in read_jsonl(DATA / "adjudicated_strategies.jsonl", AdjudicatedStrategy.model_validate_json):
        table, _, key = doubt.criterion.rpartition(".")
        now, then = (r[doubt.file][table] if table else r[doubt.file] for r in (rows, first))
        assert (now[key], then[key]) == (doubt.decided, doubt.first)


def test_a_person_and_a_machine_are_never_one_type() -> None:
    assert not issubclass(SecondStrategy, Prediction)
