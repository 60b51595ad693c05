"""A small copy of the labelled data for tests: passages of each split, strategies of each strength, and what models are compared on."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from classifier.codebook import STRENGTHS, load_codebook
from classifier.correction import Correction
from tests.conftest import ROOT
from training.data import in_split, load_passages, load_splits, load_strategies

DATA = ROOT / "labelled_data"
_BEGINNING = datetime(2026, 12, 1, tzinfo=UTC)


def write_little_data(directory: Path, *, train: int = 96, others: int = 40, each: int = 3) -> Path:
    """Write the copy and return its folder."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("codebook.toml", "splits.json"):
        shutil.copy(DATA / name, directory)
    passages, splits = load_passages(load_codebook(DATA / "codebook.toml")), load_splits()
    test = in_split(passages, splits, "test")[:others]
    chosen = in_split(passages, splits, "train")[:train] + in_split(passages, splits, "dev")[:others] + test
    (directory / "passages").mkdir()
    (directory / "passages/few.jsonl").write_text("".join(p.model_dump_json() + "\n" for p in chosen), encoding="utf-8")
    rows = [row for level in STRENGTHS for row in [r for r in load_strategies() if r.strength == level][:each]]
    (directory / "strategies").mkdir()
    for row in rows:
        shutil.copy(DATA / "strategies" / row.file, directory / "strategies")
    lines = "".join(row.model_dump_json() + "\n" for row in rows)
    (directory / "strategies.jsonl").write_text(lines, encoding="utf-8")
    frozen = {"note": "few", "passages": [p.id for p in test], "strategies": [row.file for row in rows]}
    (directory / "frozen.json").write_text(json.dumps(frozen), encoding="utf-8")
    return directory


def correction(number: int, **given: object) -> Correction:
    """Return the nth thing that somebody said: by default one passage of its own, labelled tertiary."""
    values: dict[str, object] = {
        "id": f"annotation_{number:04}", "document": f"{number:064x}", "format": "markdown", "name": f"plan-{number}.md",
        "authority": "Saltmarsh", "passage": "0123456789abcdef", "text": f"Reablement at home, in the {number}th ward.",
        "labels": ["tertiary"], "annotator": "Edda", "codebook": "1.0", "created": _BEGINNING + timedelta(seconds=number),
    }  # fmt: skip
    return Correction.model_validate({**values, **given})


def write_corrections(directory: Path, name: str, *rows: Correction) -> None:
    """Write corrections as the service exports them: the file is there as a whole or not at all."""
    folder = directory / "corrections"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{name}"
    draft.write_text("".join(row.model_dump_json() + "\n" for row in rows), encoding="utf-8")
    draft.rename(folder / f"{name}.jsonl")
