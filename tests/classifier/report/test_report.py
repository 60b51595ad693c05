"""What people are shown: a page that stands alone, a table without formulas, a PDF with its evidence."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pikepdf
import pytest

from classifier.artefact import Artefact
from classifier.features import STRENGTH_FEATURES
from classifier.prediction import Prediction
from classifier.reading import read_document
from classifier.report.annotated import annotated_pdf, evidence_notes
from classifier.report.page import html_report
from classifier.report.plain import CSV_HEADER, csv_row, text_report
from classifier.report.words import CRITERION_WORDS, FEATURE_WORDS
from classifier.score import score_document
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def prediction(model: Artefact) -> Prediction:
    return score_document(read_document(SAMPLE, ocr=False), model)


class Balanced(HTMLParser):
    """Checks that every element that is opened is closed."""

    void = frozenset({"meta", "br", "image", "use", "rect", "link", "img", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.void:
            assert self.open.pop() == tag


def test_the_page_stands_alone(prediction: Prediction) -> None:
    page = html_report(prediction, SAMPLE)
    checker = Balanced()
    checker.feed(page)
    assert checker.open == []
    assert "<script" not in page
    assert not re.findall(r'(?:src|href)="(?!#|data:image/webp;base64,)[^"]*"', page)
    assert 'name="viewport"' in page


def test_the_page_shows_every_quote_beside_its_page(prediction: Prediction) -> None:
    page = html_report(prediction, SAMPLE)
    for evidence in prediction.strength.evidence:
        assert f'href="#page-{evidence.page}"' in page
        assert f'id="image-{evidence.page}"' in page
        assert "<rect" in page


def test_a_hostile_text_does_not_become_markup(tmp_path: Path, stub: Artefact) -> None:
    path = tmp_path / "<img src=x onerror=alert(1)>.md"
    path.write_text(
        "## Our vision\n\nPrevention <script>alert(1)</script> & care for all of the town. "
        + "Words of the plan stand here. " * 60,
        encoding="utf-8",
    )
    page = html_report(score_document(read_document(path), stub), path)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_document_without_label_says_so(tmp_path: Path, stub: Artefact) -> None:
    path = tmp_path / "short.md"
    path.write_text("Too short to judge by far.", encoding="utf-8")
    found = score_document(read_document(path), stub)
    assert "Not enough readable text" in html_report(found, path)
    assert "no label: not enough readable text" in text_report(found)
    (row,) = csv.DictReader(io.StringIO(CSV_HEADER + csv_row(found)))
    assert row["strength"] == "not_enough_text"


def test_the_table_has_one_cell_per_column(prediction: Prediction) -> None:
    header, row = csv.reader(io.StringIO(CSV_HEADER + csv_row(prediction)))
    assert len(header) == len(row) == len(set(header))
    cells = dict(zip(header, row, strict=True))
    assert cells["file"] == SAMPLE.name
    assert cells["strength"] == prediction.strength.label
    assert cells["care_act"] == "yes"


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0.md", "+1.md", "@x.md", "-x.md"])
def test_a_file_name_is_never_a_formula(prediction: Prediction, name: str) -> None:
    renamed = prediction.model_copy(update={"document": prediction.document.model_copy(update={"file": name})})
    (row,) = csv.reader(io.StringIO(csv_row(renamed)))
    assert row[0] == f"'{name}"


def test_the_annotated_pdf_has_a_note_on_every_piece_of_evidence(prediction: Prediction) -> None:
    data = annotated_pdf(prediction, SAMPLE)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        notes = [str(note.Contents) for page in pdf.pages for note in page.get("/Annots", [])]
    assert len(notes) == len(evidence_notes(prediction))
    assert any("Tertiary" in note for note in notes)


def test_every_feature_and_criterion_has_words(prediction: Prediction) -> None:
    assert FEATURE_WORDS.keys() == STRENGTH_FEATURES.keys()
    assert CRITERION_WORDS.keys() == prediction.criteria.keys()


def test_the_plain_report_names_label_tiers_and_pages(prediction: Prediction) -> None:
    text = text_report(prediction)
    assert "Strength of prevention:" in text
    assert "Tertiary" in text
    assert re.search(r"p\. 8, p [01]\.\d\d", text)
