"""The same tables as HTML that stands alone, as a workbook, as CSV, as JSON, and as charts."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from xml.etree import ElementTree

import openpyxl
from selectolax.lexbor import LexborHTMLParser

from classifier.tables.charts import charts_of
from classifier.tables.page import html_page
from classifier.tables.plain import COLUMNS, csv_text, document_rows, figure_rows, json_text, text_lines
from classifier.tables.rows import LabelledRow
from classifier.tables.workbook import workbook_bytes
from classifier.tables.year import YearReport


def test_the_page_stands_alone_and_every_number_leads_to_its_documents(sample_year: YearReport) -> None:
    page = html_page(sample_year)
    tree = LexborHTMLParser(page)
    assert not tree.css("script, link, iframe")
    assert all((node.attributes["src"] or "").startswith("data:") for node in tree.css("[src]"))
    assert all((node.attributes["alt"] or "").startswith("Chart") for node in tree.css("img"))
    ids = [node.attributes["id"] for node in tree.css("[id]")]
    assert len(ids) == len(set(ids))
    links = {(node.attributes["href"] or "").removeprefix("#") for node in tree.css("a[href]")}
    assert links <= set(ids)
    listing = next(node for node in tree.css("section.behind") if "Very strong: 61" in node.text())
    assert len(listing.css("li")) == 61
    text = tree.body.text() if tree.body else ""
    assert "61 (40 per cent), 34 (23), 50 (33), 5 (3), 1" in text
    assert "prints 35 of 41 as 88 per cent" in text
    assert "down from eight to six of 151" in text


def test_what_a_document_is_called_is_never_markup(sample_year: YearReport) -> None:
    row = LabelledRow(document="<script>x</script>", kind="<b>", authority="=1+1", confirmed={"strength": "weak"})
    kind = replace(sample_year.kinds[0], kind="<b>", rows=(row,))
    report = replace(sample_year, rows=(row,), kinds=(kind,), drift=())
    assert "<script>" not in html_page(report)
    columns, rows = document_rows(report)
    assert "'=1+1" in csv_text(columns, rows)
    sheet = openpyxl.load_workbook(io.BytesIO(workbook_bytes(report)))["Documents"]
    assert sheet["B2"].value == "'=1+1"


def test_a_long_list_of_documents_is_cut_with_a_word(sample_year: YearReport) -> None:
    table = sample_year.kinds[0].tables[0]
    share = replace(table.shares[0], documents=sample_year.rows * 4)
    kind = replace(sample_year.kinds[0], tables=(replace(table, shares=(share,)),))
    assert "And 480 more" in html_page(replace(sample_year, kinds=(kind,)))


def test_a_long_list_of_notes_is_cut_with_a_word(sample_year: YearReport) -> None:
    noted = replace(sample_year, notes=tuple(f"note {i}" for i in range(60)))
    for text in (html_page(noted), "\n".join(text_lines(noted))):
        assert "note 49" in text
        assert "note 50" not in text
        assert "10 more notes" in text
    assert len(json.loads(json_text(noted))["notes"]) == 60


def test_every_figure_has_a_chart_that_is_the_same_each_time(sample_year: YearReport) -> None:
    charts = dict(charts_of(sample_year))
    assert charts == dict(charts_of(sample_year))
    for kind in sample_year.kinds:
        assert {f"{kind.kind}-{table.key}" for table in kind.tables} <= charts.keys()
    assert {"jhws-changes", "jhws-same-authorities", "drift"} <= charts.keys()
    for svg in charts.values():
        assert "61 (40 per cent)" in svg or "http://www.w3.org/2000/svg" in svg
        root = ElementTree.fromstring(svg)
        width, height = (float(re.sub("pt", "", root.attrib[side])) for side in ("width", "height"))
        assert width < 400
        # Every word lies inside the picture.
        for node in root.iter("{http://www.w3.org/2000/svg}text"):
            place = re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", node.attrib.get("transform", ""))
            if place:
                assert 0 <= float(place[1]) <= width
                assert 0 <= float(place[2]) <= height


def test_csv_json_and_workbook_hold_the_same_figures(sample_year: YearReport) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(COLUMNS, figure_rows(sample_year)))))
    body = json.loads(json_text(sample_year))
    assert len(rows) == len(body["figures"])
    first = next(
        row for row in rows if (row["section"], row["kind"], row["figure"]) == ("year", "jhws", "strength.very_strong")
    )
    assert (first["count"], first["base"], first["printed"]) == ("61", "151", "61 (40 per cent)")
    figure = next(
        f for f in body["figures"] if (f["section"], f["kind"], f["figure"]) == ("year", "jhws", "strength.very_strong")
    )
    assert len(figure["documents"]) == 61
    assert {body["documents"][i]["strength"] for i in figure["documents"]} == {"very_strong"}
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(sample_year)))
    assert book.sheetnames == ["Tables", "Year on year", "Figures", "Documents", "Notes"]
    assert book["Figures"].max_row == len(rows) + 1
    assert book["Documents"].max_row == 196
    printed = [row[1].value for row in book["Tables"].iter_rows()]
    assert ["61 (40 per cent)", "34 (23 per cent)", "50 (33 per cent)", "5 (3 per cent)", 1 and "1"] == printed[5:10]
