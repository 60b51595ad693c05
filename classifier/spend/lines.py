"""The lines of a budget as they stand in a spreadsheet, with every fault named by its row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from classifier.errors import ConfigurationError, LabelledDataError
from classifier.spend.amounts import header_scale, parse_amount
from classifier.spreadsheet import Sheet, column_letter, normal, read_sheet

# Names that columns go by, the likeliest first.
_NAMES = {
    "description": ("description", "budget_line", "line", "item", "scheme", "scheme_name", "activity", "project", "detail", "details", "narrative", "name"),
    "amount": ("amount", "budget", "net_budget", "gross_budget", "cost", "spend", "expenditure", "net_expenditure", "value", "total", "net", "gross"),
    "service": ("service", "service_area", "department", "directorate", "area", "portfolio", "team", "division"),
}  # fmt: skip
# "Total", "Sub-total:", "Total for housing", "Adult social care total"; not "Total mobility scheme".
_TOTAL = re.compile(
    r"(.*\b)?(sub[ -]?)?totals?\s*:?|((grand|sub|net|gross|overall)[ -]?)*totals?\b[ :-]*(for .*|of .*|net|gross|budget|expenditure|spend(ing)?|costs?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One line: what is paid for, how much in pounds, and which service pays."""

    row: int
    description: str
    amount: Decimal
    service: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what a correction is found by, next year too."""
        return normal(self.description), normal(self.service)


@dataclass(frozen=True, slots=True)
class Budget:
    """Lines to classify, faults by row, and notes on what was left out on purpose."""

    lines: tuple[BudgetLine, ...]
    faults: tuple[str, ...]
    notes: tuple[str, ...]


def read_budget(path: Path, columns: Mapping[str, str | None], sheet: str | None = None) -> Budget:
    """Read a budget; `columns` may name the columns of description, amount and service. Raise where they cannot be told."""
    table = read_sheet(path, sheet)
    places = _columns(path, table, columns)
    scale = header_scale(table.columns[places["amount"]])
    lines: list[BudgetLine] = []
    faults: list[str] = []
    notes = (
        [f"amounts are taken in thousands or millions, as {table.columns[places['amount']]!r} says"]
        if scale > 1
        else []
    )
    for row, cells in table.rows:
        description, given = cells[places["description"]], cells[places["amount"]]
        service = cells[places["service"]] if "service" in places else ""
        if not description:
            faults.append(f"row {row}: no description ({' | '.join(filter(None, cells))}); the line is not counted")
            continue
        if not given and not _TOTAL.fullmatch(description):
            faults.append(
                f"row {row}: {description!r} has no amount in column {column_letter(places['amount'])}; write 0 where it is none"
            )
            continue
        try:
            amount = parse_amount(given, scale) if given else Decimal(0)
        except ValueError as fault:
            faults.append(f"row {row}, column {column_letter(places['amount'])}: {given!r}: {fault}")
            continue
        if _TOTAL.fullmatch(description):
            notes.append(_total_note(row, description, amount, lines))
        else:
            lines.append(BudgetLine(row, description, amount, service))
    if not lines:
        raise LabelledDataError(f"{path}: no budget line in it ({faults[0] if faults else 'it has no rows'})")
    return Budget(tuple(lines), tuple(faults), tuple(notes))


def _total_note(row: int, description: str, amount: Decimal, lines: Sequence[BudgetLine]) -> str:
    """Say whether a total is what the lines above come to; some part of them may be what it sums."""
    running, sums = Decimal(0), set()
    for line in reversed(lines):
        running += line.amount
        sums.add(running)
    agrees = "is the sum of lines above it" if amount in sums else "is not the sum of the lines above it; check them"
    return f"row {row}: {description!r} {amount:,.2f} is a total and not counted; it {agrees}"


def _columns(path: Path, sheet: Sheet, asked: Mapping[str, str | None]) -> dict[str, int]:
    found: dict[str, int] = {}
    for key in _NAMES:
        if (name := asked.get(key)) is not None:
            found[key] = _named(path, sheet, key, name)
    taken = set(found.values())
    for key in [key for key in _NAMES if key not in found]:
        if (index := _guessed(sheet, key, taken)) is not None:
            found[key] = index
            taken.add(index)
    if "description" not in found and "service" in found:
        found["description"] = found.pop("service")
    for key in ("description", "amount"):
        if key not in found:
            named = ", ".join(filter(None, sheet.columns))
            raise LabelledDataError(
                f"{path}: no column holds the {key}; its columns are: {named}; name it with --{key} COLUMN"
            )
    return found


def _named(path: Path, sheet: Sheet, key: str, name: str) -> int:
    for index, column in enumerate(sheet.columns):
        if normal(column) == normal(name):
            return index
    raise ConfigurationError(
        f"--{key} {name!r}: {path} has no such column; it has: {', '.join(filter(None, sheet.columns))}"
    )


def _guessed(sheet: Sheet, key: str, taken: set[int]) -> int | None:
    """Return the column whose name is one of those known, else the first that begins with one: "Budget 2017/18 (£000)"."""
    names = [normal(column) for column in sheet.columns]
    for exact in (True, False):
        for known in _NAMES[key]:
            for index, name in enumerate(names):
                if index not in taken and (name == known if exact else re.match(rf"{known}(_|$)", name)):
                    return index
    return None
