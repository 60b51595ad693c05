"""Documents as a table, one row each: first the columns of `prevention score --format csv`, then what the service knows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import IO

import xlsxwriter

from api.store.selection import Selected
from classifier.prediction import Prediction
from classifier.report.plain import COLUMNS, neutral, row_values

HEADER = (*COLUMNS, "document_id", "authority", "authority_code", "kind", "year", "year_end", "source_url", "added")
Cell = str | int | float | bool


def cells(selected: Selected) -> list[Cell]:
    """Return a document's row; where it is not scored, what the prediction would say stays empty."""
    document = selected.document
    row: dict[str, object] = {"file": neutral(document.name), "digest": document.digest, "format": document.format}
    if document.pages is not None:
        row["pages"] = document.pages
    if selected.prediction is not None:
        row = row_values(Prediction.model_validate_json(selected.prediction.body))
    row |= {
        "document_id": document.id, "authority": document.authority, "authority_code": document.authority_code,
        "kind": document.kind, "year": document.year, "year_end": document.year_end, "source_url": document.source_url,
        "added": document.created.isoformat(),
    }  # fmt: skip
    return [_cell(row.get(column)) for column in HEADER]


def _cell(value: object) -> Cell:
    if isinstance(value, int | float):
        return value
    return "" if value is None else neutral(str(value))


def csv_lines(pages: Iterable[list[Selected]]) -> Iterator[str]:
    """Yield the table as CSV, a page of documents at a time."""
    yield _lines([list(HEADER)])
    for page in pages:
        yield _lines([cells(selected) for selected in page])


def _lines(rows: list[list[Cell]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()


def write_xlsx(pages: Iterable[list[Selected]], file: IO[bytes]) -> None:
    """Write the table as a workbook; only one row of it lies in memory at a time."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("documents")
        sheet.freeze_panes(1, 1)
        sheet.write_row(0, 0, HEADER, book.add_format({"bold": True}))
        for number, selected in enumerate((one for page in pages for one in page), 1):
            sheet.write_row(number, 0, cells(selected))
