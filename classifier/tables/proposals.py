"""Predictions, as `prevention score --format json` writes them, as rows to count, joined with what people said of the same documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.errors import LabelledDataError
from classifier.tables.rows import LabelledRow


class _Part(BaseModel):
    """Only what is counted is read; the evidence is most of a prediction's size."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Document(_Part):
    digest: str
    file: str


class _Strength(_Part):
    label: str | None


class _Tier(_Part):
    state: str


class _Criterion(_Part):
    value: bool | str | None


class _Said(_Part):
    document: _Document
    model: str
    strength: _Strength
    tiers: dict[str, _Tier] = {}
    criteria: dict[str, _Criterion] = {}


def read_predictions(path: Path) -> tuple[list[LabelledRow], list[str]]:
    """Return a row per prediction of a file, or of the files of a folder, and a line for every fault; the last of a document counts."""
    files = sorted(p for p in path.rglob("*.json*") if p.suffix in (".json", ".jsonl")) if path.is_dir() else [path]
    if not files:
        raise LabelledDataError(
            f"{path}: no .json or .jsonl file in it; write them by `prevention score --format json`"
        )
    found: dict[str, LabelledRow] = {}
    faults: list[str] = []
    for file in files:
        for row in _rows(file, faults):
            if row.digest in found:
                faults.append(
                    f"{row.place}: {row.document} was predicted before ({found[row.digest].place}); this one counts"
                )
            found[row.digest] = row
    if not found:
        raise LabelledDataError(f"{path}: no prediction in it ({faults[0] if faults else 'it is empty'})")
    return list(found.values()), faults


def _rows(file: Path, faults: list[str]) -> Iterator[LabelledRow]:
    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                try:
                    said = _Said.model_validate_json(line)
                except ValidationError as error:
                    first = error.errors()[0]
                    where = ".".join(map(str, first["loc"])) or "the line"
                    faults.append(f"{file.name}, line {number}: no prediction: {where}: {first['msg']}; left out")
                    continue
                yield _row(said, f"{file.name}, line {number}")
    except OSError as error:
        raise LabelledDataError(f"{file}: cannot be read ({error.strerror}); check the path") from error


def _row(said: _Said, place: str) -> LabelledRow:
    levels: dict[str, str] = {} if said.strength.label is None else {"strength": said.strength.label}
    levels |= {tier: found.state for tier, found in said.tiers.items() if found.state != "not_enough_text"}
    for key, criterion in said.criteria.items():
        if criterion.value is not None:
            levels[key] = criterion.value if isinstance(criterion.value, str) else ("yes" if criterion.value else "no")
    return LabelledRow(
        document=said.document.file, proposed=levels, model=said.model, digest=said.document.digest, place=place
    )


def joined(labels: Sequence[LabelledRow], predictions: Sequence[LabelledRow]) -> tuple[list[LabelledRow], list[str]]:
    """Return rows in which a document's labels and its prediction stand side by side, found by digest, else by file name.

    A row of labels without any label only tells a document's authority, kind and year.
    """
    by_digest = {row.digest: i for i, row in enumerate(predictions) if row.digest}
    by_name = {PurePath(row.document).name: i for i, row in enumerate(predictions)}
    taken: set[int] = set()
    rows: list[LabelledRow] = []
    notes: list[str] = []
    for row in labels:
        index = by_digest.get(row.digest, by_name.get(PurePath(row.document).name))
        if index is not None and index not in taken:
            taken.add(index)
            said = predictions[index]
            rows.append(
                row.model_copy(
                    update={"proposed": row.proposed | said.proposed, "model": said.model, "digest": said.digest}
                )
            )
        elif row.confirmed or row.proposed:
            rows.append(row)
        else:
            notes.append(f"{row.document} ({row.place}) has neither a label nor a prediction; it is not counted")
    alone = [row for i, row in enumerate(predictions) if i not in taken]
    if labels and alone:
        notes.append(
            f"{len(alone)} predictions are of documents that the labels file does not name, so of no stated kind"
        )
    return rows + alone, notes
