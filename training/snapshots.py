"""Snapshots of the labelled data: what a model was trained on, copied once and never changed.

The folder `snapshots/<id>` holds copies and a list of their digests. A correction that comes into the data is new in one snapshot,
the first that is made after it, and counted as there in all later ones.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.artefact import CODEBOOK, file_digest
from classifier.correction import CORRECTIONS
from classifier.errors import LabelledDataError
from training.corrections import load_corrections
from training.data import DATA

SNAPSHOTS, LIST = "snapshots", "snapshot.json"
_KEPT = (
    CODEBOOK, "splits.json", "frozen.json", "strategies.jsonl", "second_readings.jsonl", "second_strategies.jsonl",
    "adjudicated_passages.jsonl", "adjudicated_strategies.jsonl", "passages/*.jsonl", "strategies/*",
    f"{CORRECTIONS}/*.jsonl", f"{CORRECTIONS}/documents/*",
)  # fmt: skip


class Snapshot(BaseModel):
    """What a snapshot holds: a SHA-256 per file, how many corrections, and the ids of those that were in none before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    made: datetime
    number: int
    files: dict[str, str]
    corrections: int
    new_corrections: list[str]


def take_snapshot(data: Path = DATA) -> Path:
    """Copy the labelled data as they are now and return the folder; the same data are one snapshot."""
    root = data / SNAPSHOTS
    root.mkdir(parents=True, exist_ok=True)
    # One at a time: two would each hold a correction for new.
    with _alone(root), tempfile.TemporaryDirectory(dir=root, prefix=".making-") as name:
        draft = Path(name) / "snapshot"
        files = _copy(data, draft)
        digest = hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()[:12]
        target = root / digest
        if target.is_dir():
            check_snapshot(target)
            return target
        ids = [row.id for row in load_corrections(draft)]
        earlier = list_snapshots(data)
        known = {i for snapshot in earlier for i in snapshot.new_corrections}
        made = Snapshot(
            id=digest, made=datetime.now(UTC), number=len(earlier) + 1, files=files, corrections=len(ids),
            new_corrections=[i for i in ids if i not in known],
        )  # fmt: skip
        (draft / LIST).write_text(made.model_dump_json(indent=1) + "\n", encoding="utf-8")
        for path in draft.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        draft.rename(target)
    return target


def list_snapshots(data: Path = DATA) -> list[Snapshot]:
    """Return all snapshots, oldest first."""
    found = [_read(path.parent) for path in (data / SNAPSHOTS).glob(f"[!.]*/{LIST}")]
    return sorted(found, key=lambda snapshot: snapshot.number)


def check_snapshot(folder: Path) -> Snapshot:
    """Return what a snapshot holds; raise `LabelledDataError` naming the file that is missing or altered."""
    found = _read(folder)
    for name, digest in found.files.items():
        if not (folder / name).is_file() or file_digest(folder / name) != digest:
            raise LabelledDataError(f"{folder / name}: missing or altered since the snapshot; take another snapshot")
    return found


def _read(folder: Path) -> Snapshot:
    try:
        return Snapshot.model_validate_json((folder / LIST).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise LabelledDataError(f"{folder / LIST}: is no list of a snapshot; remove the folder") from error


def _copy(data: Path, target: Path) -> dict[str, str]:
    files: dict[str, str] = {}
    target.mkdir()
    for path in sorted(
        {found for pattern in _KEPT for found in data.glob(pattern) if found.is_file() and found.name[0] != "."}
    ):
        name = path.relative_to(data).as_posix()
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / name)
        files[name] = file_digest(target / name)
    return files


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
