"""Document labels that researchers gave by hand, taken in from their spreadsheet: what fits the codebook is kept, every fault is named."""

from __future__ import annotations

import csv
import re
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.codebook import Codebook, Criterion
from classifier.errors import LabelledDataError
from classifier.spreadsheet import Sheet, column_letter, level_in, normal, read_sheet
from training.data import HandLabels, read_jsonl

LABELS, FAULTS = "labels.jsonl", "faults.csv"
_YEARS = (2000, 2100)
# Where a value stands in a row of labels, by part of the codebook.
_TABLES = {"A2": "tiers", "A3": "places", "A4": "policies", "A6": "themes"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one cell, or with a whole row (`column` is then empty)."""

    row: int
    column: str
    name: str
    value: str
    rule: str

    def __str__(self) -> str:
        place = f"row {self.row}, column {self.column} ({self.name})" if self.column else f"row {self.row}"
        return f"{place}: {self.value!r}: {self.rule}"


class ColumnMapping(BaseModel):
    """A mapping file: which column holds which key, and what a researcher's own values mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found: rows of labels, faults, and columns that were kept as notes."""

    rows: list[HandLabels]
    faults: list[Fault]
    notes: list[str] = field(default_factory=list)


def load_hand_labels(path: Path) -> list[HandLabels]:
    """Read imported labels back."""
    return read_jsonl(path, HandLabels.model_validate_json)


def load_mapping(path: Path, codebook: Codebook) -> ColumnMapping:
    """Read a mapping file; raise `LabelledDataError` where it names a key that is not the codebook's."""
    try:
        found = ColumnMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise LabelledDataError(f"{path}: no such mapping file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise LabelledDataError(f"{path}: not a mapping ({reason}); it has [columns] and [values.KEY]") from error
    known = [*_PLAIN, *(criterion.key for criterion in _criteria(codebook))]
    if unknown := sorted({*found.columns, *found.values} - set(known)):
        raise LabelledDataError(f"{path}: unknown keys {', '.join(unknown)}; the codebook has: {', '.join(known)}")
    return found


_PLAIN = ("authority", "kind", "year", "file")


def _criteria(codebook: Codebook) -> tuple[Criterion, ...]:
    return codebook.part("A1", "A2", "A3", "A4", "A5", "A6")


def import_sheet(sheet: Sheet, codebook: Codebook, mapping: ColumnMapping, documents: Path, source: str) -> Imported:
    """Check every cell against the codebook and return what is good and what is not. Raise where no column can be told."""
    keys = _columns(sheet, codebook, mapping)
    criteria = {criterion.key: criterion for criterion in _criteria(codebook)}
    if "authority" not in keys.values():
        raise LabelledDataError(
            f"{source}: no column names the authority; its columns are: {', '.join(filter(None, sheet.columns))}. "
            "Name one 'authority', or say which it is in a mapping file: [columns] authority = \"...\""
        )
    if not criteria.keys() & set(keys.values()):
        raise LabelledDataError(
            f"{source}: no column is a criterion of the codebook; name columns {', '.join(criteria)}, or give a mapping file"
        )
    rows: list[HandLabels] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    for number, cells in sheet.rows:
        row, found = _row(number, cells, sheet, keys, criteria, mapping, documents)
        row["source"] = f"{source}, row {number}"
        row["codebook"] = codebook.version
        faults += found
        if not row.get("authority"):
            faults.append(
                Fault(number, "", "", " | ".join(filter(None, cells)), "no authority; the row is not taken in")
            )
            continue
        if file := str(row.get("file", "")):
            if file in seen:
                rule = f"labelled in row {seen[file]} already; keep one row per document"
                faults.append(Fault(number, "", "", file, rule + ", the row is not taken in"))
                continue
            seen[file] = number
        rows.append(HandLabels.model_validate(row))
    noted = [name for i, name in enumerate(sheet.columns) if name and i not in keys]
    return Imported(rows, faults, noted)


def _columns(sheet: Sheet, codebook: Codebook, mapping: ColumnMapping) -> dict[int, str]:
    """Return which key each column holds: as the mapping says, else by the column's own name."""
    by_name = {normal(name): key for key, name in mapping.columns.items()}
    known = {*_PLAIN, *(criterion.key for criterion in _criteria(codebook))} - set(mapping.columns)
    keys: dict[int, str] = {}
    for index, name in enumerate(sheet.columns):
        key = by_name.get(normal(name)) or (normal(name) if normal(name) in known else None)
        if key is None:
            continue
        if key in keys.values():
            raise LabelledDataError(f"two columns hold {key!r}; the second is {name!r}: rename one, or map it")
        keys[index] = key
    if missing := sorted(set(mapping.columns) - set(keys.values())):
        named = ", ".join(f"{key} = {mapping.columns[key]!r}" for key in missing)
        raise LabelledDataError(f"the mapping names columns that the file has not: {named}; mend the mapping")
    return keys


def _row(
    number: int, cells: Sequence[str], sheet: Sheet, keys: Mapping[int, str], criteria: Mapping[str, Criterion],
    mapping: ColumnMapping, documents: Path,
) -> tuple[dict[str, object], list[Fault]]:  # fmt: skip
    row: dict[str, object] = {}
    notes: dict[str, str] = {}
    faults: list[Fault] = []
    for index, cell in enumerate(cells):
        name = sheet.columns[index] if index < len(sheet.columns) else ""
        key = keys.get(index)
        if key is None:
            if cell:
                notes[name or f"column {column_letter(index)}"] = cell
            continue
        if not cell:
            continue
        given = {normal(own): meant for own, meant in mapping.values.get(key, {}).items()}.get(normal(cell), cell)
        try:
            value = _plain(key, given, documents) if key in _PLAIN else _answer(criteria[key], given)
        except ValueError as fault:
            faults.append(Fault(number, column_letter(index), name, cell, str(fault)))
            notes[name] = cell
            continue
        table = _TABLES.get(criteria[key].part) if key in criteria else None
        if table is None:
            row[key] = value
        else:
            held = row.setdefault(table, {})
            assert isinstance(held, dict)
            held[key] = value
    row["notes"] = notes
    return row, faults


def _plain(key: str, cell: str, documents: Path) -> str | int:
    if key == "year":
        match = re.match(r"(?:FY ?)?(\d{4})\b", cell)
        if not match or not _YEARS[0] <= int(match[1]) <= _YEARS[1]:
            raise ValueError(f"not a year from {_YEARS[0]} to {_YEARS[1]}; give the first year, as 2016")
        return int(match[1])
    if key == "file" and not _inside(documents, cell):
        raise ValueError(f"no such file in {documents}; put it there, or mend the name")
    return cell


def _inside(documents: Path, name: str) -> bool:
    path = (documents / name).resolve()
    return path.is_file() and path.is_relative_to(documents.resolve())


def _answer(criterion: Criterion, cell: str) -> str | bool:
    """Return a cell as one of the criterion's levels; raise ValueError with the levels where it is none."""
    level = level_in(criterion, cell)
    return {"yes": True, "no": False}.get(level, level)


def import_labels(
    path: Path, codebook: Codebook, output: Path, *, mapping: Path | None = None, documents: Path | None = None, sheet: str | None = None
) -> Imported:  # fmt: skip
    """Take a spreadsheet in: write `labels.jsonl`, `faults.csv` and a copy of the file itself into `output`; nothing is overwritten."""
    if (output / LABELS).exists():
        raise LabelledDataError(f"{output / LABELS}: already there; name another folder with --output, or move it away")
    found = import_sheet(
        read_sheet(path, sheet),
        codebook,
        load_mapping(mapping, codebook) if mapping is not None else ColumnMapping(),
        documents if documents is not None else path.parent,
        path.name,
    )
    output.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, output / path.name)
    with (output / FAULTS).open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("row", "column", "name", "value", "rule"))
        writer.writerows((f.row, f.column, f.name, f.value, f.rule) for f in found.faults)
    lines = (row.model_dump_json(exclude_defaults=True) + "\n" for row in found.rows)
    (output / LABELS).write_text("".join(lines), encoding="utf-8")
    return found


def summary(found: Imported) -> Iterator[str]:
    """Yield what an import did, line by line."""
    labelled = sum(row.strength is not None for row in found.rows)
    with_file = sum(bool(row.file) for row in found.rows)
    yield f"{len(found.rows)} rows taken in: {labelled} with a strength label, {with_file} with their document"
    if found.notes:
        yield f"columns that are not the codebook's, kept as notes: {', '.join(found.notes)}"
    yield f"{len(found.faults)} faults"
