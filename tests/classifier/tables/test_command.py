"""`prevention report` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from classifier.artefact import current_model
from classifier.commands import app
from classifier.errors import ConfigurationError
from tests.classifier.tables.conftest import THIS_YEAR, YEAR_BEFORE
from tests.classifier.tables.test_proposals import line


def test_the_sample_year(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--labels", str(THIS_YEAR), "--before", str(YEAR_BEFORE)])
    assert done.exit_code == 0
    assert "Strength of prevention: 61 (40 per cent), 34 (23), 50 (33), 5 (3), 1\n" in done.stdout
    assert "Strength of prevention: 35 (80 per cent), 5 (11), 4 (9)\n" in done.stdout


@pytest.mark.parametrize("form", ["html", "csv", "json", "xlsx"])
def test_every_format_is_written(form: str, tmp_path: Path) -> None:
    target = tmp_path / "new" / f"year.{form}"
    done = CliRunner().invoke(app, ["report", "--labels", str(THIS_YEAR), "--format", form, "--output", str(target)])
    assert done.exit_code == 0
    written = sorted(path.name for path in target.parent.iterdir())
    assert written == ["year.csv", "year.documents.csv"] if form == "csv" else [target.name]


def test_both_years_from_one_file(tmp_path: Path) -> None:
    path = tmp_path / "years.csv"
    path.write_text(THIS_YEAR.read_text() + YEAR_BEFORE.read_text().split("\n", 1)[1], encoding="utf-8")
    done = CliRunner().invoke(app, ["report", "--labels", str(path), "--year", "2017", "--year-before", "2016"])
    assert "down from eight to six of 151" in done.stdout


def test_predictions_are_corrected_by_what_was_measured_of_their_model(tmp_path: Path) -> None:
    name = current_model().name
    lines = [line(f"{i}.pdf", f"{i:064x}"[-1] + f"{i:063x}", "strong", vision=True) for i in range(1)]
    said = [
        json.loads(lines[0]) | {"model": name, "document": {"digest": f"{i:064x}", "file": f"{i}.pdf"}}
        for i in range(40)
    ]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    rows = "\n".join(f"A{i},{i}.pdf,jhws,{'weak' if i < 5 else ''}" for i in range(40))
    (tmp_path / "l.csv").write_text("authority,file,kind,strength\n" + rows, encoding="utf-8")
    done = CliRunner().invoke(
        app,
        ["report", "--labels", str(tmp_path / "l.csv"), "--predictions", str(tmp_path / "p.jsonl"), "--format", "json"],
    )
    assert done.exit_code == 0
    figures = {f["figure"]: f for f in json.loads(done.stdout)["figures"] if f["section"] == "corrected"}
    page = CliRunner().invoke(
        app,
        ["report", "--labels", str(tmp_path / "l.csv"), "--predictions", str(tmp_path / "p.jsonl"), "--format", "html"],
    )
    assert "Before you publish a share" in page.stdout
    strong, weak = figures["strength.strong"], figures["strength.weak"]
    assert (strong["model_count"], strong["confirmed_count"], weak["confirmed_count"]) == (40, 0, 5)
    assert strong["low"] <= strong["count"] <= strong["high"] <= 35


def test_a_model_whose_error_is_not_known_is_said_to_be_raw(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text(line("a.pdf", "a"), encoding="utf-8")
    done = CliRunner().invoke(app, ["report", "--predictions", str(tmp_path / "p.jsonl")])
    assert "The error of m-1 is not known here" in done.stdout
    page = CliRunner().invoke(app, ["report", "--predictions", str(tmp_path / "p.jsonl"), "--format", "html"])
    assert "do not publish them as they are" in page.stdout


def test_faults_end_in_status_1_and_wrong_calls_are_refused(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("authority,strength\nA,weak\nB,wek\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["report", "--labels", str(tmp_path / "l.csv")])
    assert done.exit_code == 1
    assert "row 3, column B (strength): 'wek'" in done.stderr
    for call in (["report"], ["report", "--labels", str(THIS_YEAR), "--format", "xlsx"]):
        assert isinstance(CliRunner().invoke(app, call).exception, ConfigurationError)
