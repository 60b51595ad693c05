"""The two sample years: invented councils whose labels have the distributions that were published."""

from __future__ import annotations

import pytest

from classifier.codebook import Codebook
from classifier.tables.labels import read_labels
from classifier.tables.printed import load_printed
from classifier.tables.rows import LabelledRow
from classifier.tables.year import YearReport, year_report
from tests.conftest import ROOT

THIS_YEAR, YEAR_BEFORE = ROOT / "docs/sample/year-2017.csv", ROOT / "docs/sample/year-2016.csv"


@pytest.fixture(scope="session")
def rows(codebook: Codebook) -> list[LabelledRow]:
    found = read_labels(THIS_YEAR, codebook)
    assert (len(found.rows), found.faults, found.notes) == (195, [], [])
    return found.rows


@pytest.fixture(scope="session")
def sample_year(rows: list[LabelledRow], codebook: Codebook) -> YearReport:
    before = read_labels(YEAR_BEFORE, codebook)
    return year_report(rows, codebook, before=before.rows, printed=load_printed())
