"""`prevention spend` from the outside: corrections are kept beside the budget and applied to the next one."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from classifier.commands import app
from classifier.errors import ConfigurationError, LabelledDataError

BUDGET = 'description,service,amount\nReablement team,Adults,100\n=Night bus,Adults,£1.5k\nCare home placements,Adults,"3,000"\n'


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "budget.csv"
    path.write_text(BUDGET, encoding="utf-8")
    return path


def spend(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["spend", *map(str, arguments)])


def test_every_format_says_the_same(budget: Path, tmp_path: Path) -> None:
    text = spend(budget)
    assert text.exit_code == 0
    assert "Reactive: £3,000 (65.2 per cent), 1 line" in text.stdout
    rows = list(csv.DictReader(io.StringIO(spend(budget, "--format", "csv").stdout)))
    assert (rows[0]["row"], rows[0]["category"], rows[0]["amount"]) == ("2", "tertiary", "100.00")
    assert rows[1]["description"] == "'=Night bus"
    body = json.loads(spend(budget, "--format", "json").stdout)
    assert body["sums"]["by_category"]["reactive"] == {
        "lines": 1,
        "amount": "3000.00",
        "share": pytest.approx(3000 / 4600),
    }
    assert spend(budget, "--format", "xlsx", "--output", tmp_path / "o.xlsx").exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "o.xlsx")
    assert book.sheetnames == ["Sums", "Services", "Lines", "Notes"]
    assert book["Lines"]["E4"].value == "reactive"


def test_a_correction_is_kept_appended_and_applied_again(budget: Path, tmp_path: Path) -> None:
    done = spend(budget, "--correct", "3=primary", "--by", "Edda Ohm", "--why", "for, all", "--format", "json")
    assert {line["row"]: (line["category"], line["by"], line["proposed"]) for line in json.loads(done.stdout)["lines"]}[
        3
    ][:2] == ("primary", "person")
    kept = tmp_path / "budget.corrections.csv"
    first = kept.read_text(encoding="utf-8")
    assert first.count("\n") == 2
    assert "'=Night bus,Adults,primary,Edda Ohm" in first
    spend(budget, "--correct", "3=primary", "--by", "Edda Ohm")
    assert kept.read_text(encoding="utf-8") == first
    spend(budget, "--correct", "3=other", "--by", "JB")
    assert kept.read_text(encoding="utf-8").startswith(first)
    later = tmp_path / "next.csv"
    later.write_text("description,service,amount\n=NIGHT BUS,Adults,2\n", encoding="utf-8")
    done = spend(later, "--corrections", kept)
    assert "other (person): JB decided on" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--correct", "3=primary"], "needs --by NAME"),
        (["--correct", "99=primary", "--by", "JB"], "no budget line stands in row '99'"),
        (["--correct", "x", "--by", "JB"], "no budget line stands in row 'x'"),
        (["--correct", "3=good", "--by", "JB"], "no such category"),
        (["--format", "xlsx"], "name it with --output"),
    ],
)
def test_wrong_calls_are_refused(arguments: list[str], message: str, budget: Path, tmp_path: Path) -> None:
    done = spend(budget, *arguments)
    assert isinstance(done.exception, ConfigurationError)
    assert message in str(done.exception)
    assert not (tmp_path / "budget.corrections.csv").exists()


def test_faults_end_in_status_1_and_a_broken_corrections_file_is_named(budget: Path, tmp_path: Path) -> None:
    budget.write_text(BUDGET + "Telecare,Adults,soon\n", encoding="utf-8")
    done = spend(budget)
    assert done.exit_code == 1
    assert "budget.csv, row 5, column C: 'soon'" in done.stderr
    (tmp_path / "budget.corrections.csv").write_text("description,category\nReablement team,good\n", encoding="utf-8")
    broken = spend(budget).exception
    assert isinstance(broken, LabelledDataError)
    assert "row 2: category" in str(broken)
