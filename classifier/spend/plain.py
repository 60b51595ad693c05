"""Classified budget lines as lines for a terminal, as CSV, as JSON and as a workbook."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from classifier.errors import MissingExtraError
from classifier.report.plain import neutral
from classifier.report.words import plural
from classifier.spend.classification import CATEGORY_WORDS, PREVENTATIVE, ClassifiedLine
from classifier.spend.sums import Sums, sums_by_service, sums_of

COLUMNS = (
    "row", "description", "service", "amount", "category", "by", "reason", "check", "proposed", "p_primary", "p_secondary", "p_tertiary",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpendReport:
    """Everything about one budget."""

    file: str
    model: str
    lines: tuple[ClassifiedLine, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def text_lines(report: SpendReport) -> Iterator[str]:
    """Yield the sums, then what a person should look at, then what was left out."""
    sums = sums_of(report.lines)
    yield f"{report.file}: {plural(len(report.lines), 'line')}, {pounds(sums.amount)}"
    yield from (f"  {line}" for line in _sum_lines(sums))
    if sums.told_share is not None:
        yield f"  Of what is either preventative or reactive, {_per_cent(sums.told_share)} is preventative."
    for service in services if len(services := sums_by_service(report.lines)) > 1 else ():
        yield f"  {service.service}: {pounds(service.amount)}, of which preventative {pounds(service.preventative)}{_bracket(service.preventative_share)}"
    yield ""
    for one in report.lines:
        mark = "? " if one.check else "  "
        yield f"{mark}row {one.line.row}: {one.line.description}: {pounds(one.line.amount)}: {one.category} ({one.by}): {one.reason}"
    if any(one.check for one in report.lines):
        yield "? marks lines for a person to look at; correct one by: --correct ROW=CATEGORY --by NAME"
    yield from (f"note: {note}" for note in report.notes)


def _sum_lines(sums: Sums) -> Iterator[str]:
    for one in sums.by_category:
        yield f"{CATEGORY_WORDS[one.category]}: {pounds(one.amount)}{_bracket(one.share)}, {plural(one.lines, 'line')}"
    yield f"Preventative, all three: {pounds(sums.preventative)}{_bracket(sums.preventative_share)}"


def pounds(amount: Decimal) -> str:
    """Write an amount in pounds; pence only where there are any."""
    digits = 0 if amount == amount.to_integral_value() else 2
    return f"{'−' if amount < 0 else ''}£{abs(amount):,.{digits}f}"


def _per_cent(share: float) -> str:
    return f"{100 * share:.1f} per cent".replace("-", "−")


def _bracket(share: float | None) -> str:
    return "" if share is None else f" ({_per_cent(share)})"


def _row(one: ClassifiedLine) -> dict[str, Any]:
    return {
        "row": one.line.row, "description": one.line.description, "service": one.line.service, "amount": one.line.amount, "category": one.category,
        "by": one.by, "reason": one.reason, "check": "yes" if one.check else "", "proposed": one.proposed,
        **{f"p_{tier}": probability for tier, probability in one.probabilities.items()},
    }  # fmt: skip


def csv_text(report: SpendReport) -> str:
    """Return a row per line; no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in report.lines:
        writer.writerow([neutral(value) if isinstance(value, str) else value for value in _row(one).values()])
    return buffer.getvalue()


def json_text(report: SpendReport) -> str:
    """Return sums, lines, faults and notes. Amounts are strings in pounds, so that no penny is lost."""
    body = {
        "file": report.file, "model": report.model, "sums": _sums(sums_of(report.lines)),
        "services": [_sums(sums) for sums in sums_by_service(report.lines)], "lines": [_row(one) for one in report.lines],
        "faults": report.faults, "notes": report.notes,
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, indent=1, default=str) + "\n"


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "service": sums.service, "amount": sums.amount, "preventative": sums.preventative, "preventative_share": sums.preventative_share,
        "by_category": {one.category: {"lines": one.lines, "amount": one.amount, "share": one.share} for one in sums.by_category},
    }  # fmt: skip


def workbook_bytes(report: SpendReport) -> bytes:
    """Return a workbook: sums, sums by service, lines, and what was left out."""
    try:
        import xlsxwriter
    except ImportError as error:
        raise MissingExtraError("writing Excel files", "report") from error
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        sums = sums_of(report.lines)
        rows: list[Sequence[Any]] = [
            (CATEGORY_WORDS[one.category], one.lines, one.amount, _rounded(one.share)) for one in sums.by_category
        ]
        count = sum(one.lines for one in sums.by_category if one.category in PREVENTATIVE)
        rows.append(("Preventative, all three", count, sums.preventative, _rounded(sums.preventative_share)))
        _sheet(
            book, "Sums", ("category", "lines", "amount", "share"), [*rows, ("All", len(report.lines), sums.amount, "")]
        )
        services = [
            (s.service, s.amount, s.preventative, _rounded(s.preventative_share)) for s in sums_by_service(report.lines)
        ]
        _sheet(book, "Services", ("service", "amount", "preventative", "share"), services)
        _sheet(book, "Lines", COLUMNS, [tuple(_row(one).values()) for one in report.lines])
        _sheet(book, "Notes", ("note",), [(note,) for note in (*report.faults, *report.notes)])
    return buffer.getvalue()


def _rounded(share: float | None) -> float | str:
    return "" if share is None else round(share, 4)


def _sheet(book: Any, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 22)
    sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
    for line, row in enumerate(rows, 1):
        sheet.write_row(line, 0, [neutral(cell) if isinstance(cell, str) else cell for cell in row])
