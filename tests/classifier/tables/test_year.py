"""The published figures come out of 195 rows of labels as they were printed, and a misprint is told instead of copied."""

from __future__ import annotations

import pytest

from classifier.codebook import Codebook, Criterion
from classifier.tables.figures import Share, Table, whole_per_cent
from classifier.tables.plain import text_lines
from classifier.tables.rows import LabelledRow, once_per_family
from classifier.tables.year import YearReport, year_report


def table_of(report: YearReport, kind: str, key: str) -> Table:
    return next(table for one in report.kinds if one.kind == kind for table in one.tables if table.key == key)


def share_in(report: YearReport, kind: str, table: str, key: str) -> Share:
    return next(share for share in table_of(report, kind, table).shares if share.key == key)


def test_the_distributions_are_printed_as_the_report_prints_them(sample_year: YearReport) -> None:
    assert table_of(sample_year, "jhws", "strength").line == "61 (40 per cent), 34 (23), 50 (33), 5 (3), 1"
    assert table_of(sample_year, "stp", "strength").line == "35 (80 per cent), 5 (11), 4 (9)"
    assert [share.printed for share in table_of(sample_year, "jhws", "strength").shares][:2] == [
        "61 (40 per cent)",
        "34 (23 per cent)",
    ]


@pytest.mark.parametrize(
    ("kind", "table", "figure", "printed", "base"),
    [
        ("jhws", "places", "summary.yes", "84 (69 per cent)", 121),
        ("jhws", "places", "key_places", "125 (83 per cent)", 151),
        ("jhws", "triple_definition", "triple_definition.full", "17 (11 per cent)", 151),
        ("jhws", "triple_definition", "triple_definition.part", "68 (45 per cent)", 151),
        ("jhws", "policies", "care_act.yes", "41 (27 per cent)", 151),
        ("jhws", "policies", "better_care_fund.yes", "54 (36 per cent)", 151),
        ("jhws", "crossings", "crossing.five_year_forward_view", "26 (67 per cent)", 39),
        ("jhws", "crossings", "crossing.all", "95 (63 per cent)", 151),
        ("stp", "places", "summary.yes", "39 (93 per cent)", 42),
        ("stp", "places", "key_places", "40 (91 per cent)", 44),
        ("stp", "triple_definition", "triple_definition.full", "8 (18 per cent)", 44),
        ("stp", "policies", "care_act.yes", "6 (14 per cent)", 44),
    ],
)
def test_other_figures(sample_year: YearReport, kind: str, table: str, figure: str, printed: str, base: int) -> None:
    share = share_in(sample_year, kind, table, figure)
    assert (share.printed, share.base, len(share.documents)) == (printed, base, share.count)


def test_a_misprint_is_told_and_not_copied(sample_year: YearReport) -> None:
    share = share_in(sample_year, "jhws", "crossings", "crossing.care_act")
    assert (share.count, share.base, share.per_cent) == (35, 41, 85)
    assert "prints 35 of 41 as 88 per cent" in share.note
    assert "85 per cent" in share.note
    noted = [s.key for kind in sample_year.kinds for table in kind.tables for s in table.shares if s.note]
    assert noted == ["crossing.care_act"]


def test_a_rise_and_a_fall_read_as_the_report_says_them(sample_year: YearReport) -> None:
    said = [change.sentence for change in sample_year.kinds[0].changes]
    assert any(
        line.startswith("Very strong: up by about two points, from 57 (38 per cent) to 61 (40 per cent).")
        for line in said
    )
    assert any(line.startswith("Weak and very weak together: down from eight to six of 151.") for line in said)
    assert "Very weak: as before, one of 151." in said


def test_the_same_authorities_are_paired(sample_year: YearReport) -> None:
    jhws = sample_year.kinds[0]
    assert (jhws.pairs, len(jhws.paired)) == (151, len(jhws.changes))
    for change in jhws.paired:
        assert change.now.count - change.before.count == change.gained - change.lost
        assert change.interval.holds(change.now.share - change.before.share)
    moved = {change.now.key: change for change in jhws.paired}["strength.very_strong"]
    assert (moved.before.count, moved.now.count) == (57, 61)
    drift = sample_year.drift[0]
    assert sum(map(sum, drift.transitions)) == drift.pairs == 151
    assert sum(drift.transitions[i][j] for i in range(5) for j in range(5) if j > i) == drift.rose


def test_a_summary_that_is_not_there_counts_in_no_pair(sample_year: YearReport) -> None:
    pair = {change.now.key: change for change in sample_year.kinds[0].paired}["summary.yes"]
    assert pair.now.base == pair.before.base < 119


def test_every_line_is_printed(sample_year: YearReport) -> None:
    text = "\n".join(text_lines(sample_year))
    for words in (
        "61 (40 per cent), 34 (23), 50 (33), 5 (3), 1",
        "Discrepancy",
        "by region",
        "The same 151 authorities",
        "Drift of",
    ):
        assert words in text


def test_percentages_round_halves_up_without_floats() -> None:
    assert [whole_per_cent(k, 200) for k in (1, 3, 5)] == [1, 2, 3]
    assert whole_per_cent(0, 0) == 0
    assert [Share("", "", k, 151).printed for k in (0, 1, 2)] == ["0", "1", "2 (1 per cent)"]


def test_nothing_to_count_gives_no_tables(codebook: Codebook) -> None:
    report = year_report([LabelledRow(document="a", authority="A", kind="jhws")], codebook)
    assert report.kinds[0].tables == ()
    assert not report.compares


def test_a_document_and_a_family_count_once() -> None:
    draft = LabelledRow(document="draft", family="saltmarsh", year=2016, kind="jhws")
    final = LabelledRow(document="final", family="saltmarsh", year=2017, kind="jhws")
    twin, copy = (LabelledRow(document=name, digest="ab", kind="jhws") for name in ("twin", "copy"))
    alone = LabelledRow(document="alone", kind="jhws")
    kept, notes = once_per_family([draft, final, twin, copy, alone, alone])
    assert [row.document for row in kept] == ["final", "twin", "alone", "alone"]
    assert notes == [
        "draft is not counted: of the family 'saltmarsh' as final, which is",
        "copy is not counted: the same bytes as twin, which is",
    ]


def test_replies_are_counted_once_the_codebook_asks_for_them(codebook: Codebook) -> None:
    """117 of 148 have identified services, 19 are doing so. The report, question 4."""
    asked = Criterion(
        key="services_identified", part="A7", question="Are services identified?", levels=("yes", "no", "in_process", "not_answered"),
        definition="…", clause="…",
    )  # fmt: skip
    theme = Criterion(
        key="new_services", part="A7", question="New services?", levels=("no", "yes"), definition="…", clause="…"
    )
    wider = codebook.model_copy(update={"criteria": (*codebook.criteria, asked, theme)})
    levels = ["yes"] * 117 + ["in_process"] * 19 + ["no"] * 12
    rows = [
        LabelledRow(
            document=f"{i}",
            kind="foi",
            confirmed={"services_identified": level, "new_services": "yes" if i % 2 else "no"},
        )
        for i, level in enumerate(levels)
    ]
    tables = {table.key: table for table in year_report(rows, wider).kinds[0].tables}
    assert [share.printed for share in tables["services_identified"].shares] == [
        "117 (79 per cent)",
        "12 (8 per cent)",
        "19 (13 per cent)",
        "0",
    ]
    assert tables["replies"].line == "74 (50 per cent)"


def test_a_change_of_readers_is_said(codebook: Codebook) -> None:
    def rows(model: str) -> list[LabelledRow]:
        given = {"proposed": {"strength": "weak"}, "model": model} if model else {"confirmed": {"strength": "weak"}}
        return [LabelledRow.model_validate({"document": "a", "authority": "A", "kind": "jhws", **given})]

    notes = {
        pair: year_report(rows(pair[0]), codebook, before=rows(pair[1])).notes
        for pair in (("m", "n"), ("m", "m"), ("m", ""), ("", ""))
    }
    assert "different models (n before, m now)" in notes["m", "n"][0]
    assert "raw figures" in notes["m", "m"][0]
    assert "People gave the labels of one year" in notes["m", ""][0]
    assert notes["", ""] == ()
