"""Lines of a budget from a spreadsheet, every fault named by its row."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from classifier.errors import ConfigurationError, LabelledDataError
from classifier.spend.lines import read_budget
from tests.conftest import ROOT

NO_NAMES: dict[str, str | None] = {}


def test_the_sample_budget() -> None:
    budget = read_budget(ROOT / "docs/sample/budget-2024.csv", NO_NAMES)
    assert budget.faults == ()
    assert len(budget.lines) == 16
    assert (budget.lines[0].row, budget.lines[0].description, budget.lines[0].amount) == (
        3,
        "Healthy schools programme",
        Decimal(180_000),
    )
    assert sum(line.amount for line in budget.lines) == Decimal(32_640_500)
    assert any("is a total and not counted; it is the sum of lines above it" in note for note in budget.notes)


def test_faults_and_totals_are_named_by_row(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    path.write_text(
        "Department,Description,Net budget\nA,Reablement,100\nA,Telecare,tbc\nA,,50\nA,Falls,\nA,Adult care sub-total,99\n"
        "A,Total mobility scheme,7\nA,Grand Total,107\n",
        encoding="utf-8",
    )
    budget = read_budget(path, NO_NAMES)
    assert [(line.row, line.description, line.service) for line in budget.lines] == [
        (2, "Reablement", "A"),
        (7, "Total mobility scheme", "A"),
    ]
    assert [fault.split(":")[0] for fault in budget.faults] == ["row 3, column C", "row 4", "row 5"]
    assert "row 6: 'Adult care sub-total' 99.00 is a total and not counted; it is not the sum" in budget.notes[0]
    assert "it is the sum of lines above it" in budget.notes[1]


def test_excel_and_columns_of_other_names(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Ref", "What for", "Pot", "Year 1"])
    page.append([1, "Reablement team", "Adults", 1450.5])
    page.append([2, "Refunds", "Adults", -20])
    book.save(tmp_path / "b.xlsx")
    names: dict[str, str | None] = {"description": "what for", "amount": "Year 1", "service": "Pot"}
    budget = read_budget(tmp_path / "b.xlsx", names)
    assert [(line.description, line.amount, line.service) for line in budget.lines] == [
        ("Reablement team", Decimal("1450.50"), "Adults"), ("Refunds", Decimal(-20), "Adults"),
    ]  # fmt: skip
    with pytest.raises(
        LabelledDataError,
        match=r"no column holds the description; its columns are: Ref, What for, Pot, Year 1; name it with",
    ):
        read_budget(tmp_path / "b.xlsx", NO_NAMES)
    with pytest.raises(ConfigurationError, match="no such column"):
        read_budget(tmp_path / "b.xlsx", {"amount": "Year 9"})


def test_a_budget_without_lines_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text("description,amount\nReablement,soon\n", encoding="utf-8")
    with pytest.raises(LabelledDataError, match="no budget line in it"):
        read_budget(tmp_path / "b.csv", NO_NAMES)
