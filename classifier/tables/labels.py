"""Labels people gave, as rows to count: from a spreadsheet whose columns have the codebook's names, or from `labels.jsonl`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.codebook import Codebook, Criterion
from classifier.errors import LabelledDataError
from classifier.spreadsheet import Sheet, column_letter, level_in, normal, read_sheet
from classifier.tables.rows import LabelledRow

_DETAILS = ("authority", "kind", "year", "region", "document", "digest", "family", "source", "model", "url")
_COLUMN_WORDS = {"file": "document", "council": "authority", "local_authority": "authority", "type": "kind"}
_KIND_WORDS = {
    "joint_health_and_wellbeing_strategy": "jhws", "health_and_wellbeing_strategy": "jhws", "sustainability_and_transformation_plan": "stp",
    "freedom_of_information": "foi", "foi_response": "foi", "integrated_care_strategy": "ics", "commissioning_strategy": "commissioning",
}  # fmt: skip
_STRENGTH_WORDS = {
    "neither_strong_nor_weak": "neither",
    "neither_strong_or_weak": "neither",
    "neither_weak_nor_strong": "neither",
}
_TABLES = ("tiers", "places", "policies", "themes")
_UNREAD = ("not_enough_text", "not_enough_readable_text")
_YEARS = range(1990, 2101)


@dataclass(frozen=True, slots=True)
class Labels:
    """A labels file as it was understood: rows, a line for every fault, and the columns that are not counted."""

    rows: list[LabelledRow]
    faults: list[str]
    notes: list[str]


def read_labels(path: Path, codebook: Codebook) -> Labels:
    """Read a labels file: a cell that is not understood is a fault and left out, the rest is kept."""
    faults: list[str] = []
    notes: list[str] = []
    given = _from_lines(path) if path.suffix.lower() in (".jsonl", ".json") else _from_sheet(path, codebook, notes)
    criteria = {criterion.key: criterion for criterion in codebook.criteria}
    rows = [row for place, cells in given if (row := _row(place, cells, criteria, faults)) is not None]
    if not rows:
        raise LabelledDataError(f"{path}: no row of labels in it; it needs a column `authority` and one per criterion")
    return Labels(rows, faults, notes)


def _from_sheet(path: Path, codebook: Codebook, notes: list[str]) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """Yield each row's place, and its cells by key: the cell's own place and its text."""
    sheet = read_sheet(path)
    columns = _columns(path, sheet, codebook)
    # A table of predictions has a column `model`, and many that say how sure it is.
    if "model" not in columns.values() and (
        others := [name for i, name in enumerate(sheet.columns) if name and i not in columns]
    ):
        notes.append(f"{path.name}: not counted, since the codebook has no criterion of that name: {', '.join(others)}")
    for number, cells in sheet.rows:
        filled = {
            key: (f"column {column_letter(i)} ({sheet.columns[i]})", cells[i]) for i, key in columns.items() if cells[i]
        }
        yield f"{path.name}, row {number}", filled


def _columns(path: Path, sheet: Sheet, codebook: Codebook) -> dict[int, str]:
    known = {*_DETAILS, *(criterion.key for criterion in codebook.criteria)}
    names = [_COLUMN_WORDS.get(normal(name), normal(name)) for name in sheet.columns]
    columns = {i: name for i, name in enumerate(names) if name in known}
    if twice := sorted({name for name in columns.values() if list(columns.values()).count(name) > 1}):
        raise LabelledDataError(f"{path}: two columns hold {', '.join(twice)}; rename one of each")
    if "authority" not in columns.values() and "document" not in columns.values():
        named = ", ".join(filter(None, sheet.columns))
        raise LabelledDataError(
            f"{path}: no column names the authority or the document; its columns are: {named}. "
            "Name one `authority`, or take the file in by `prevention labels import` with a mapping first"
        )
    return columns


def _from_lines(path: Path) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise LabelledDataError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise LabelledDataError(f"{path}: not UTF-8 ({error.reason}); save it anew as UTF-8") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found = json.loads(line)
            except json.JSONDecodeError as error:
                raise LabelledDataError(f"{path}, line {number}: not JSON ({error.msg}); mend the line") from error
            if not isinstance(found, dict):
                raise LabelledDataError(f"{path}, line {number}: not an object; each line is one labelled document")
            yield f"{path.name}, line {number}", {key: (key, cell) for key, cell in _flat(found)}


def _flat(found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in found.items():
        if key in _TABLES and isinstance(value, dict):
            yield from _flat(value)
        elif isinstance(value, bool):
            yield key, "yes" if value else "no"
        elif isinstance(value, str | int) and value != "" and key != "source":
            # There, `source` names the spreadsheet that the labels were taken from.
            yield _COLUMN_WORDS.get(key, key), str(value)


def _row(
    place: str, cells: Mapping[str, tuple[str, str]], criteria: Mapping[str, Criterion], faults: list[str]
) -> LabelledRow | None:
    details: dict[str, Any] = {"place": place}
    levels: dict[str, str] = {}
    for key, (column, cell) in cells.items():
        try:
            if key in criteria and normal(cell) in _UNREAD:
                continue
            if key in criteria:
                levels[key] = level_in(
                    criteria[key], _STRENGTH_WORDS.get(normal(cell), cell) if key == "strength" else cell
                )
            elif key in _DETAILS:
                details[key] = _detail(key, cell)
        except ValueError as fault:
            faults.append(f"{place}, {column}: {cell!r}: {fault}")
    source = details.pop("source", "model" if "model" in details else "human")
    if not details.get("authority") and not details.get("document"):
        faults.append(f"{place}: neither authority nor document; the row is not counted")
        return None
    details.setdefault("document", " ".join(str(details[k]) for k in ("authority", "kind", "year") if details.get(k)))
    return LabelledRow(**details, **{"confirmed" if source == "human" else "proposed": levels})


def _detail(key: str, cell: str) -> str | int:
    if key == "year":
        if not cell[:4].isdigit() or int(cell[:4]) not in _YEARS:
            raise ValueError(f"not a year from {_YEARS[0]} to {_YEARS[-1]}; give the first year, as 2016")
        return int(cell[:4])
    if key == "kind":
        return _KIND_WORDS.get(normal(cell), normal(cell))
    if key == "source" and cell.lower() not in ("human", "model"):
        raise ValueError("neither human nor model")
    return cell.lower() if key in ("source", "digest") else cell


def chosen_year(rows: Sequence[LabelledRow], year: int | None) -> list[LabelledRow]:
    """Return the rows of a year, or all of them where none is asked for; raise where the year has none."""
    if year is None:
        return list(rows)
    if not (found := [row for row in rows if row.year == year]):
        years = ", ".join(map(str, sorted({row.year for row in rows if row.year is not None}))) or "no years"
        raise LabelledDataError(f"no row of the year {year}; the file has: {years}")
    return found
