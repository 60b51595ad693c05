"""What people decided about budget lines: kept in a CSV file beside the budget, appended to and never written over, applied again next time."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifier.errors import ConfigurationError, LabelledDataError
from classifier.report.plain import neutral
from classifier.spend.lines import BudgetLine
from classifier.spreadsheet import normal

Decided = Literal["primary", "secondary", "tertiary", "reactive", "other"]
_COLUMNS = ("description", "service", "category", "by", "on", "why")


class Correction(BaseModel):
    """A person's decision on every line of one description and service."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    description: str = Field(min_length=1)
    service: str = ""
    category: Decided
    by: str = ""
    on: str = ""
    why: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return normal(self.description), normal(self.service)


def load_corrections(path: Path) -> list[Correction]:
    """Read corrections in the order they were made; none where there is no file. Raise with the row of a fault."""
    if not path.is_file():
        return []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise LabelledDataError(f"{path}: not UTF-8 ({error.reason}); save it anew as UTF-8") from error
    return [
        _correction(path, number, row) for number, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), 2)
    ]


def _correction(path: Path, number: int, row: dict[str, str]) -> Correction:
    try:
        cells = {key: _told(value) for key, value in row.items() if isinstance(key, str) and isinstance(value, str)}
        return Correction.model_validate(cells)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise LabelledDataError(f"{path}, row {number}: {place}: {first['msg']}; mend the row") from error


def _told(cell: str) -> str:
    """Take off what kept a spreadsheet from reading a formula."""
    return cell[1:] if cell.startswith("'") and neutral(cell[1:]) == cell else cell


def newest(corrections: Sequence[Correction]) -> dict[tuple[str, str], Correction]:
    """Return what stands of each line: the last that was said."""
    return {correction.key: correction for correction in corrections}


def asked(given: Sequence[str], lines: Sequence[BudgetLine], by: str | None, why: str) -> list[Correction]:
    """Return the corrections that `ROW=CATEGORY` asks for; raise where a row or a category is not there."""
    if given and not by:
        raise ConfigurationError("--correct needs --by NAME: a correction says who decided")
    rows = {line.row: line for line in lines}
    today = datetime.now(UTC).date().isoformat()
    found = []
    for text in given:
        row, _, category = text.partition("=")
        line = rows.get(int(row)) if row.strip().isdecimal() else None
        if line is None:
            raise ConfigurationError(
                f"--correct {text!r}: no budget line stands in row {row!r}; write ROW=CATEGORY, as 12=tertiary"
            )
        try:
            found.append(
                Correction.model_validate(
                    {
                        "description": line.description,
                        "service": line.service,
                        "category": category.strip().lower(),
                        "by": by,
                        "on": today,
                        "why": why,
                    }
                )
            )
        except ValidationError as error:
            raise ConfigurationError(
                f"--correct {text!r}: no such category; use primary, secondary, tertiary, reactive or other"
            ) from error
    return found


def append_corrections(path: Path, added: Sequence[Correction]) -> int:
    """Add corrections to the file unless they already stand; return how many were added."""
    standing = newest(load_corrections(path))
    fresh = [one for one in added if (old := standing.get(one.key)) is None or old.category != one.category]
    if not fresh:
        return 0
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    if not path.is_file() or path.stat().st_size == 0:
        writer.writerow(_COLUMNS)
    elif not path.read_bytes().endswith(b"\n"):
        buffer.write("\n")
    writer.writerows([neutral(getattr(one, column)) for column in _COLUMNS] for one in fresh)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="") as file:
        file.write(buffer.getvalue())
        file.flush()
        os.fsync(file.fileno())
    return len(fresh)
