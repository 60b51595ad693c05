"""Figures as published reports print them, so that a misprint is told and not copied."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifier.errors import LabelledDataError
from classifier.tables.figures import Share, Table

PRINTED = Path(__file__).parent / "printed.toml"


class PrintedFigure(BaseModel):
    """One figure as it was printed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    figure: str
    count: int = Field(ge=0)
    base: int = Field(ge=1)
    per_cent: int = Field(ge=0, le=100)


class Printed(BaseModel):
    """The figures of one report."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str
    figures: tuple[PrintedFigure, ...]


def load_printed(path: Path = PRINTED) -> Printed:
    """Read printed figures; raise `LabelledDataError` with the fault."""
    try:
        return Printed.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise LabelledDataError(f"{path}: cannot be read ({error.strerror}); name a TOML file of figures") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LabelledDataError(f"{path}: not TOML ({error}); mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise LabelledDataError(f"{path}: {place}: {first['msg']}; mend the file") from error


def with_discrepancies(table: Table, kind: str, printed: Printed) -> Table:
    """Return a table in which every share that was printed otherwise carries a note."""
    return replace(table, shares=tuple(_noted(share, kind, printed) for share in table.shares))


def _noted(share: Share, kind: str, printed: Printed) -> Share:
    for figure in printed.figures:
        same = (figure.kind, figure.figure, figure.count, figure.base) == (kind, share.key, share.count, share.base)
        if same and figure.per_cent != share.per_cent:
            return replace(
                share,
                note=f"Discrepancy: {printed.source} prints {figure.count} of {figure.base} as {figure.per_cent} per cent; "
                f"{figure.count} of {figure.base} is {100 * share.share:.1f}, so {share.per_cent} per cent.",
            )
    return share
