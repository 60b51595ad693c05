"""A year's labels taken in: what the codebook knows is counted, every fault named by its cell, nothing lost without a word."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from classifier.artefact import Artefact
from classifier.codebook import Codebook
from classifier.errors import LabelledDataError
from classifier.reading import read_document
from classifier.report.plain import CSV_HEADER, csv_row
from classifier.score import score_document
from classifier.tables.labels import chosen_year, read_labels
from tests.conftest import ROOT

CSV = """Council,Type,Year,Strength,Care Act,Summary,Colour,Source
Saltmarsh,Joint health and wellbeing strategy,2017/18,Very strong,Y,n/a,red,human
Eddlesham,JHWS,2017,Neither strong or weak,x,yes,blue,model
Port Averill,jhws,17,strnog,perhaps,no,,person
,,2017,weak,,,,
"""


def test_a_spreadsheet_is_read_and_faults_are_named(tmp_path: Path, codebook: Codebook) -> None:
    (tmp_path / "y.csv").write_text(CSV, encoding="utf-8")
    found = read_labels(tmp_path / "y.csv", codebook)
    assert found.notes == ["y.csv: not counted, since the codebook has no criterion of that name: Colour"]
    assert [(r.document, r.kind, r.year, r.confirmed, r.proposed) for r in found.rows] == [
        (
            "Saltmarsh jhws 2017",
            "jhws",
            2017,
            {"strength": "very_strong", "care_act": "yes", "summary": "not_applicable"},
            {},
        ),
        ("Eddlesham jhws 2017", "jhws", 2017, {}, {"strength": "neither", "care_act": "yes", "summary": "yes"}),
        ("Port Averill jhws", "jhws", None, {"summary": "no"}, {}),
    ]
    assert found.faults == [
        "y.csv, row 4, column C (Year): '17': not a year from 1990 to 2100; give the first year, as 2016",
        "y.csv, row 4, column D (Strength): 'strnog': not a level of strength; use: very_weak, weak, neither, strong, very_strong",
        "y.csv, row 4, column E (Care Act): 'perhaps': not a level of care_act; use: no, yes",
        "y.csv, row 4, column H (Source): 'person': neither human nor model",
        "y.csv, row 5: neither authority nor document; the row is not counted",
    ]


def test_excel_and_imported_labels_say_the_same(tmp_path: Path, codebook: Codebook) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["authority", "kind", "year", "strength", "tertiary", "vision", "triple_definition", "loneliness"])
    page.append(["Saltmarsh", "jhws", 2017.0, "strong", "mentioned", True, "part", False])
    book.save(tmp_path / "y.xlsx")
    line = {
        "authority": "Saltmarsh", "kind": "jhws", "year": 2017, "strength": "strong", "tiers": {"tertiary": "mentioned"}, "places": {"vision": True},
        "triple_definition": "part", "themes": {"loneliness": False}, "notes": {"Colour": "red"}, "source": "labels.xlsx, row 2",
    }  # fmt: skip
    (tmp_path / "labels.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    sheet, lines = (read_labels(tmp_path / name, codebook) for name in ("y.xlsx", "labels.jsonl"))
    assert sheet.faults == lines.faults == []
    assert sheet.rows[0].model_copy(update={"place": ""}) == lines.rows[0].model_copy(update={"place": ""})
    assert len(sheet.rows[0].confirmed) == 5


def test_a_table_of_predictions_is_the_models_word(tmp_path: Path, codebook: Codebook, stub: Artefact) -> None:
    """What `score --format csv` and the service's export write must never be taken for people's labels."""
    said = score_document(read_document(ROOT / "docs/sample/saltmarsh-strategy-2024.md"), stub)
    blank = said.model_copy(update={"strength": said.strength.model_copy(update={"label": None})})
    (tmp_path / "p.csv").write_text(CSV_HEADER + csv_row(said) + csv_row(blank), encoding="utf-8")
    found = read_labels(tmp_path / "p.csv", codebook)
    assert (found.faults, found.notes) == ([], [])
    row, unread = found.rows
    assert (row.confirmed, row.model, row.digest) == ({}, "stub", said.document.digest)
    assert row.proposed["strength"] == said.strength.label
    assert row.proposed["tertiary"] == said.tiers["tertiary"].state
    assert set(said.criteria) <= row.proposed.keys()
    assert "strength" not in unread.proposed


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "a.csv",
            "colour,strength\nred,weak\n",
            "no column names the authority or the document; its columns are: colour, strength",
        ),
        ("a.csv", "authority,strength,Strength\nA,weak,weak\n", "two columns hold strength"),
        ("a.csv", "authority,strength\n", "no row of labels"),
        ("a.jsonl", "{", "line 1: not JSON"),
        ("a.jsonl", "[]", "line 1: not an object"),
    ],
)
def test_a_file_without_labels_is_refused(
    name: str, content: str, message: str, tmp_path: Path, codebook: Codebook
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(LabelledDataError, match=message):
        read_labels(tmp_path / name, codebook)


def test_one_year_of_several(tmp_path: Path, codebook: Codebook) -> None:
    (tmp_path / "y.csv").write_text("authority,year,strength\nA,2016,weak\nA,2017,strong\n", encoding="utf-8")
    rows = read_labels(tmp_path / "y.csv", codebook).rows
    assert [row.confirmed["strength"] for row in chosen_year(rows, 2017)] == ["strong"]
    assert len(chosen_year(rows, None)) == 2
    with pytest.raises(LabelledDataError, match="no row of the year 2015; the file has: 2016, 2017"):
        chosen_year(rows, 2015)
