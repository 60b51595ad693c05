"""Lines told apart by rules and by the released model, and what people decided put before both."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal

import pytest

from classifier.artefact import Artefact
from classifier.spend.classification import PREVENTATIVE, classify
from classifier.spend.corrections import Correction, newest
from classifier.spend.lines import BudgetLine
from classifier.spend.rules import load_rules, rule_for
from classifier.spend.sums import sums_by_service, sums_of
from tests.conftest import ROOT


def lines(*descriptions: str) -> list[BudgetLine]:
    return [BudgetLine(i, text, Decimal(100), "Adults") for i, text in enumerate(descriptions, 2)]


@pytest.mark.parametrize(
    ("description", "category"),
    [
        ("Residential care placements", "reactive"),
        ("A&E attendances", "reactive"),
        ("Temporary accommodation", "reactive"),
        ("Children’s homes", "reactive"),
        ("Corporate recharges", "other"),
        ("Preventing residential care placements", None),
        ("Emergency admission avoidance", None),
        ("Reablement team", None),
        ("Incorporated society grant", None),
        ("Respite in residential care", None),
    ],
)
def test_rules(description: str, category: str | None) -> None:
    hit = rule_for(description)
    assert (hit.rule.category if hit else None) == category


def test_every_rule_says_why() -> None:
    assert all(rule.reason and rule.name for rule in load_rules())


def test_lines_with_labels_by_hand(model: Artefact) -> None:
    """What is said is nearly always right; what is not sure is left to a person."""
    text = (ROOT / "tests/classifier/spend/budget_lines.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    said = classify(
        [BudgetLine(i, row["description"], Decimal(1), row["service"]) for i, row in enumerate(rows)], model, {}
    )
    outcome = Counter(
        "unclear" if one.category == "unclear" else "right" if one.category == row["category"] else "wrong"
        for one, row in zip(said, rows, strict=True)
    )
    assert outcome["right"] >= 110
    assert outcome["wrong"] <= 5
    assert all(one.reason and one.check for one in said if one.category == "unclear")


def test_a_rule_that_the_model_contradicts_is_for_a_person(stub: Artefact) -> None:
    said = classify(lines("Emergency duty team with reablement", "Emergency duty team", "Night bus"), stub, {})
    assert [(one.category, one.by, one.check) for one in said] == [
        ("reactive", "rule", True), ("reactive", "rule", False), ("unclear", "model", True),
    ]  # fmt: skip
    assert "the model reads tertiary in it" in said[0].reason


def test_a_persons_decision_stands_before_all_and_the_proposal_stays_beside(stub: Artefact) -> None:
    decided = newest(
        [
            Correction(
                description="night  BUS", service="adults", category="primary", by="JB", on="2026-01-02", why="for all"
            ),
            Correction(description="Reablement", service="Adults", category="other"),
            Correction(description="Reablement", service="Adults", category="secondary", by="MK"),
            Correction(description="Screening", service="Children", category="other"),
        ]
    )
    said = classify(lines("Night bus", "Reablement", "Screening"), stub, decided)
    assert [(one.category, one.by, one.proposed) for one in said] == [
        ("primary", "person", "unclear"), ("secondary", "person", "tertiary"), ("secondary", "model", "secondary"),
    ]  # fmt: skip
    assert said[0].reason == "JB decided on 2026-01-02: for all"


def test_sums_add_up(stub: Artefact) -> None:
    said = classify(
        [*lines("Reablement", "Screening", "Care home placements"), BudgetLine(9, "Night bus", Decimal("-50.5"))],
        stub,
        {},
    )
    sums = sums_of(said)
    assert sums.amount == sum(one.amount for one in sums.by_category) == Decimal("249.5")
    assert (
        sums.preventative
        == sum((one.amount for one in sums.by_category if one.category in PREVENTATIVE), Decimal(0))
        == 200
    )
    assert sums.told_share == pytest.approx(2 / 3)
    assert [(one.service, one.amount) for one in sums_by_service(said)] == [
        ("Adults", Decimal(300)),
        ("no service named", Decimal("-50.5")),
    ]
    assert sums_by_service(said)[1].preventative_share is None
    assert classify([], stub, {}) == []
