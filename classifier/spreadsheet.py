"""Rows of a spreadsheet, CSV or Excel, with the place of every cell."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from classifier.codebook import Criterion
from classifier.errors import LabelledDataError, MissingExtraError

# A year's labelling, or a council's budget, is a few hundred rows of some fifty columns; what is a hundred times as much is neither.
_MAX_BYTES = 50 * 2**20
_MAX_ROWS = 50_000
_MAX_COLUMNS = 1_000
_YES = frozenset(("yes", "y", "true", "1", "x", "✓", "✔"))
_NO = frozenset(("no", "n", "false", "0", "✗"))
_NOT_APPLICABLE = frozenset(("n/a", "na", "not applicable", "none given"))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it stands in a file: column names, and rows of cells as text with their row number in the file."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def column_letter(index: int) -> str:
    """Return the letters a spreadsheet shows over column `index`, counted from 0: A, B, ... Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def normal(name: str) -> str:
    """Return a column's name or a word as it is compared: lower case, anything else than letters and digits as one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def level_in(criterion: Criterion, cell: str) -> str:
    """Return the level of a criterion that a cell means; raise ValueError with the levels where it means none."""
    word, levels = cell.strip().lower(), criterion.levels
    for level, words in (("yes", _YES), ("no", _NO), ("not_applicable", _NOT_APPLICABLE)):
        if level in levels and word in words:
            return level
    if normal(cell) in levels and normal(cell) not in ("yes", "no"):
        return normal(cell)
    raise ValueError(f"not a level of {criterion.key}; use: {', '.join(levels)}")


def read_sheet(path: Path, sheet: str | None = None) -> Sheet:
    """Read a CSV or Excel file; the first row that has two filled cells names the columns. Raise `LabelledDataError` with the rule broken."""
    if not path.is_file():
        raise LabelledDataError(f"{path}: no such file; name a .csv or .xlsx file with one row per entry")
    if path.stat().st_size > _MAX_BYTES:
        raise LabelledDataError(f"{path}: larger than {_MAX_BYTES // 2**20} MB; keep in it what is needed only")
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        lines = _excel(path, sheet)
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        lines = _csv(path)
    else:
        raise LabelledDataError(f"{path}: neither .csv nor .xlsx; save the spreadsheet as one of them")
    filled = [(number, cells) for number, cells in islice(lines, _MAX_ROWS + 2) if any(cells)]
    if len(filled) > _MAX_ROWS:
        raise LabelledDataError(f"{path}: more than {_MAX_ROWS:,} rows; split the file")
    start = next((i for i, (_, cells) in enumerate(filled) if sum(map(bool, cells)) > 1), None)
    if start is None:
        raise LabelledDataError(f"{path}: no row names columns; the first row must hold their names")
    columns = filled[start][1]
    if len(columns) > _MAX_COLUMNS:
        raise LabelledDataError(f"{path}: {len(columns)} columns, more than {_MAX_COLUMNS}; take the others out")
    width = len(columns)
    rows = tuple((number, (cells + ("",) * width)[: max(width, len(cells))]) for number, cells in filled[start + 1 :])
    return Sheet(columns, rows)


def _csv(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel in Britain writes as plain "CSV".
        text = data.decode("cp1252", errors="replace")
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            # A quoted cell may hold line breaks: a row is named by the line it ends on.
            yield reader.line_num, tuple(" ".join(cell.split()) for cell in cells)
    except csv.Error as error:
        raise LabelledDataError(f"{path}, line {reader.line_num}: not CSV ({error}); save it anew") from error


def _excel(path: Path, sheet: str | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtraError("reading Excel files", "report") from error

    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > 8 * _MAX_BYTES:
            raise LabelledDataError(
                f"{path}: unpacks to {unpacked // 2**20} MB, more than such a table does; save it anew"
            )
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        if sheet is not None and sheet not in book.sheetnames:
            raise LabelledDataError(f"{path}: no sheet {sheet!r}; it has: {', '.join(book.sheetnames)}")
        found = book[sheet] if sheet is not None else book.worksheets[0]
        for number, cells in enumerate(found.iter_rows(values_only=True), 1):
            yield number, tuple(_text(cell) for cell in cells)
        book.close()
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError, TypeError, IndexError) as error:
        raise LabelledDataError(
            f"{path}: not an Excel file that can be opened; save it anew as .xlsx or .csv"
        ) from error


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())
