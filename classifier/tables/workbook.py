"""A year's tables as an Excel workbook: the tables as a report prints them, the changes, and every document to filter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from classifier.errors import MissingExtraError
from classifier.tables.plain import COLUMNS, cell_of, corrected_words, document_rows, figure_rows, title
from classifier.tables.year import YearReport


def workbook_bytes(report: YearReport) -> bytes:
    """Return the workbook; no cell is a formula or a link."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise MissingExtraError("writing Excel files", "report") from error
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": title(report)})
        _tables(book, report)
        _changes(book, report)
        _corrected(book, report)
        _long(book, "Figures", list(COLUMNS), list(figure_rows(report)))
        _long(book, "Documents", *document_rows(report))
        _long(book, "Notes", ["note"], [{"note": note} for note in report.notes])
    return buffer.getvalue()


def _tables(book: Any, report: YearReport) -> None:
    bold, head = book.add_format({"bold": True}), book.add_format({"bold": True, "font_size": 13})
    sheet = book.add_worksheet("Tables")
    sheet.set_column(0, 0, 62)
    sheet.set_column(1, 6, 16)
    sheet.write_string(0, 0, title(report), head)
    line = 2
    for kind in report.kinds:
        sheet.write_string(line, 0, f"{kind.title}: {len(kind.rows)}", head)
        line += 2
        for table in kind.tables:
            sheet.write_row(line, 0, [table.title, "as printed", "count", "of", "per cent", "low", "high"], bold)
            for share in table.shares:
                line += 1
                held = share.interval
                sheet.write_row(line, 0, [share.words, share.printed, share.count, share.base])
                sheet.write_row(line, 4, [round(100 * one, 1) for one in (share.share, held.low, held.high)])
                if share.note:
                    sheet.write_string(line, 7, share.note)
            line += 2


def _changes(book: Any, report: YearReport) -> None:
    if not report.compares:
        return
    sheet = _sheet(
        book, "Year on year", ["kind", "compared", "figure", "before", "now", "points", "low", "high", "in words"]
    )
    line = 0
    for kind in report.kinds:
        for change in (*kind.changes, *kind.paired):
            line += 1
            same = f"the same {kind.pairs} authorities" if change.paired else "all"
            sheet.write_row(line, 0, [kind.title, same, change.now.words, change.before.printed, change.now.printed])
            points = (change.exact_points, 100 * change.interval.low, 100 * change.interval.high)
            sheet.write_row(line, 5, [round(one, 1) for one in points])
            sheet.write_string(line, 8, change.sentence)


def _corrected(book: Any, report: YearReport) -> None:
    if not any(kind.corrected for kind in report.kinds):
        return
    sheet = _sheet(
        book, "Corrected", ["kind", "figure", "model", "people", "corrected", "low", "high", "of", "in words"]
    )
    found = [(kind.title, one) for kind in report.kinds for one in kind.corrected]
    for line, (kind, one) in enumerate(found, 1):
        held = (one.estimate, one.interval.low, one.interval.high)
        sheet.write_row(line, 0, [kind, one.words, one.raw, one.confirmed, *(round(n, 1) for n in held), one.base])
        sheet.write_string(line, 8, corrected_words(one))


def _sheet(book: Any, name: str, columns: Sequence[str]) -> Any:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 40)
    sheet.set_column(1, len(columns), 18)
    sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
    return sheet


def _long(book: Any, name: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
    sheet = _sheet(book, name, columns)
    for line, row in enumerate(rows, 1):
        sheet.write_row(line, 0, [cell_of(row, column) for column in columns])
    sheet.autofilter(0, 0, max(1, len(rows)), len(columns) - 1)
