"""A year's tables as lines for a terminal, as rows, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence

from classifier.report.plain import neutral
from classifier.report.words import plural
from classifier.tables.changes import Change
from classifier.tables.correction import Corrected
from classifier.tables.figures import Share
from classifier.tables.rows import LabelledRow
from classifier.tables.year import KindReport, YearReport

Row = dict[str, str | int | float]
COLUMNS = (
    "section", "kind", "table", "figure", "words", "count", "base", "per_cent", "printed", "low", "high", "count_before", "base_before",
    "points", "gained", "lost", "chance", "model_count", "confirmed_count", "note",
)  # fmt: skip
DOCUMENT_COLUMNS = ("document", "authority", "kind", "year", "region", "family", "digest", "model", "from")


def text_lines(report: YearReport) -> Iterator[str]:
    """Yield the tables line by line."""
    yield title(report)
    for kind in report.kinds:
        yield ""
        of = f" of {plural(kind.authorities, 'authority', 'authorities')}" if kind.authorities else ""
        yield f"{kind.title}: {len(kind.rows):,}{of}, of which {kind.confirmed:,} with a strength given by people"
        for table in kind.tables:
            yield f"  {table.title}: {table.line}" if table.whole else f"  {table.title}"
            yield from (line for share in table.shares for line in _share_lines(share))
            if table.note:
                yield f"    {table.note}"
        yield from _corrected_lines(kind.corrected, report.measured_on)
        if kind.changes:
            yield f"  Beside {report.year_before or 'the year before'}, all ({kind.before:,} and {len(kind.rows):,})"
            yield from (f"    {change.sentence}" for change in kind.changes)
        if kind.paired:
            yield f"  The same {kind.pairs:,} authorities"
            yield from (f"    {change.sentence}" for change in kind.paired)
    yield from _endings(report)


def _endings(report: YearReport) -> Iterator[str]:
    titles = {kind.kind: kind.title for kind in report.kinds}
    for drift in report.drift:
        yield f"\nDrift of {titles[drift.kind][:1].lower()}{titles[drift.kind][1:]}: {drift.sentence}"
    if report.notes:
        yield "\nNotes"
        yield from (f"  {note}" for note in report.first_notes)


def title(report: YearReport) -> str:
    """Return what stands over the tables."""
    return f"Prevention in {report.year or 'the year'}" + (
        f", beside {report.year_before or 'the year before'}" if report.compares else ""
    )


def _share_lines(share: Share) -> Iterator[str]:
    yield f"    {share.words}: {share.printed} of {share.base:,}"
    if share.note:
        yield f"      {share.note}"


def _corrected_lines(found: Sequence[Corrected], measured_on: int) -> Iterator[str]:
    if found:
        yield f"  Model, people, and what is likely once the model's error (measured on {plural(measured_on, 'document')}) is taken out"
    for one in found:
        yield f"    {one.words}: model {one.raw:,}, people {one.confirmed:,}, corrected {corrected_words(one)}"


def corrected_words(one: Corrected) -> str:
    """Return a corrected count with its share and its interval."""
    share = f" ({100 * one.estimate / one.base:.0f} per cent)" if one.base else ""
    return f"about {one.estimate:.0f}{share}, interval {one.interval.low:.0f} to {one.interval.high:.0f}"


def figure_rows(report: YearReport) -> Iterator[Row]:
    """Yield every figure as a row of `COLUMNS`."""
    for kind in report.kinds:
        for table in kind.tables:
            yield from (
                {"section": "year", "kind": kind.kind, "table": table.key, **_share(share)} for share in table.shares
            )
        yield from (_corrected(kind, one) for one in kind.corrected)
        for section, changes in (("year_on_year", kind.changes), ("same_authorities", kind.paired)):
            yield from ({"section": section, "kind": kind.kind, **_change(change)} for change in changes)
    for drift in report.drift:
        yield {
            "section": "drift", "kind": drift.kind, "figure": "strength.mean", "words": "Mean step, 0 for very weak to 4 for very strong",
            "base": drift.documents_now, "base_before": drift.documents_before, "low": round(drift.interval.low, 3),
            "high": round(drift.interval.high, 3), "points": round(drift.now - drift.before, 3), "gained": drift.rose, "lost": drift.fell,
            "chance": round(drift.chance, 4), "note": drift.sentence,
        }  # fmt: skip


def _share(share: Share) -> Row:
    return {
        "figure": share.key, "words": share.words, "count": share.count, "base": share.base, "per_cent": round(100 * share.share, 2),
        "printed": share.printed, "low": round(100 * share.interval.low, 2), "high": round(100 * share.interval.high, 2), "note": share.note,
    }  # fmt: skip


def _corrected(kind: KindReport, one: Corrected) -> Row:
    return {
        "section": "corrected", "kind": kind.kind, "figure": one.key, "words": one.words, "count": round(one.estimate, 1), "base": one.base,
        "per_cent": round(100 * one.estimate / one.base, 2) if one.base else 0, "printed": corrected_words(one), "low": round(one.interval.low, 1),
        "high": round(one.interval.high, 1), "model_count": one.raw, "confirmed_count": one.confirmed, "note": "low and high are counts",
    }  # fmt: skip


def _change(change: Change) -> Row:
    row = _share(change.now) | {
        "count_before": change.before.count, "base_before": change.before.base, "points": round(change.exact_points, 2),
        "low": round(100 * change.interval.low, 2), "high": round(100 * change.interval.high, 2), "note": change.sentence,
    }  # fmt: skip
    if change.paired:
        row |= {"gained": change.gained, "lost": change.lost, "chance": round(change.chance or 0.0, 4)}
    return row


def document_rows(report: YearReport) -> tuple[list[str], list[Row]]:
    """Return a column per criterion and per giver, and every document's row: with a filter, each number's documents."""
    keys = list(dict.fromkeys(key for row in report.rows for key in (*row.confirmed, *row.proposed)))
    columns = [*DOCUMENT_COLUMNS, *(column for key in keys for column in (key, f"{key}_by"))]
    return columns, [_document(row, keys) for row in report.rows]


def _document(row: LabelledRow, keys: Sequence[str]) -> Row:
    cells: Row = {
        "document": row.document, "authority": row.authority, "kind": row.kind, "year": row.year or "", "region": row.region,
        "family": row.family, "digest": row.digest, "model": row.model, "from": row.place,
    }  # fmt: skip
    for key in keys:
        cells[key], cells[f"{key}_by"] = row.level(key) or "", row.source(key) or ""
    return cells


def csv_text(columns: Sequence[str], rows: Iterator[Row] | Sequence[Row]) -> str:
    """Return rows as CSV; no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([cell_of(row, column) for column in columns] for row in rows)
    return buffer.getvalue()


def cell_of(row: Mapping[str, str | int | float], column: str) -> str | int | float:
    """Return a row's cell, fit for a spreadsheet."""
    value = row.get(column, "")
    return neutral(value) if isinstance(value, str) else value


def json_text(report: YearReport) -> str:
    """Return the tables, every figure with the documents behind it, and every document."""
    places = {id(row): i for i, row in enumerate(report.rows)}
    shares = {
        (kind.kind, table.key, share.key): [places[id(row)] for row in share.documents]
        for kind in report.kinds for table in kind.tables for share in table.shares
    }  # fmt: skip
    figures = [
        row | ({"documents": shares[key]} if (key := (row["kind"], row.get("table"), row["figure"])) in shares else {})
        for row in figure_rows(report)
    ]
    _, documents = document_rows(report)
    body = {
        "title": title(report), "year": report.year, "year_before": report.year_before, "models": report.models,
        "notes": report.notes, "figures": figures, "documents": documents,
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"
