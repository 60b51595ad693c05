"""Labelled data as it lies in `labelled_data/`: passages and whole strategies, read into validated types."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifier.codebook import Codebook, StrengthLabel, Tier, TierState
from classifier.encoder import Text
from classifier.errors import LabelledDataError

DATA = Path(__file__).resolve().parent.parent / "labelled_data"
Split = Literal["train", "dev", "test"]


class LabelledPassage(BaseModel):
    """A passage with a person's labels. `group` stands for one authority (or one round of invention): splits never cut it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    group: str
    origin: Literal["invented", "after_real", "corrected"]
    text: str = Field(min_length=1)
    heading: str = ""
    labels: list[str]
    kind: str = ""
    year: int | None = None
    codebook: str = "1.0"

    @property
    def asked(self) -> Text:
        """The passage as the model is asked about it."""
        return Text(self.text, self.heading)


class GoldPassage(BaseModel):
    """A passage to measure against; anything beside these fields is left unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str
    heading: str = ""
    labels: list[str]

    @property
    def asked(self) -> Text:
        return Text(self.text, self.heading)


class HandLabels(BaseModel):
    """A document's labels as far as a person gave them. Codebook, part A.

    `notes` keeps what stood beside them and is not the codebook's; `source` says where they were taken from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = ""
    authority: str
    kind: str = ""
    year: int | None = None
    strength: StrengthLabel | None = None
    tiers: dict[Tier, TierState] = {}
    places: dict[str, bool | Literal["not_applicable"]] = {}
    policies: dict[str, bool] = {}
    triple_definition: Literal["none", "part", "full"] | None = None
    themes: dict[str, bool | str] = {}
    notes: dict[str, str] = {}
    source: str = ""
    codebook: str = "1.0"


class LabelledStrategy(HandLabels):
    """A whole document of our own with every label."""

    file: str
    kind: str
    year: int
    strength: StrengthLabel
    second_choice: StrengthLabel | None = None
    tiers: dict[Tier, TierState]
    places: dict[str, bool | Literal["not_applicable"]]
    policies: dict[str, bool]
    triple_definition: Literal["none", "part", "full"]
    themes: dict[str, bool | str]
    why: str = ""


Row = TypeVar("Row", bound=BaseModel)


def read_jsonl(path: Path, row: Callable[[str], Row]) -> list[Row]:
    """Read one object per line; raise `LabelledDataError` with file, line and fault."""
    rows: list[Row] = []
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (FileNotFoundError, IsADirectoryError) as error:
        raise LabelledDataError(f"{path}: no such file; name a file with one JSON object per line") from error
    except UnicodeDecodeError as error:
        raise LabelledDataError(
            f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it anew as UTF-8"
        ) from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(row(line))
            except ValidationError as error:
                first = error.errors()[0]
                place = ".".join(map(str, first["loc"])) or "the line"
                raise LabelledDataError(f"{path}, line {number}: {place}: {first['msg']}; mend the line") from error
    return rows


def load_passages(codebook: Codebook, directory: Path = DATA) -> list[LabelledPassage]:
    """Return every labelled passage, in a fixed order; raise where a label is not the codebook's or an id comes twice."""
    found: list[LabelledPassage] = []
    for path in sorted((directory / "passages").glob("*.jsonl")):
        for passage in read_jsonl(path, LabelledPassage.model_validate_json):
            if unknown := sorted(set(passage.labels) - set(codebook.labels)):
                raise LabelledDataError(
                    f"{path}: passage {passage.id}: unknown labels {unknown}; use: {', '.join(codebook.labels)}"
                )
            found.append(passage)
    ids = [passage.id for passage in found]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})[:5]
        raise LabelledDataError(
            f"{directory / 'passages'}: ids given twice: {', '.join(twice)}; every passage needs its own"
        )
    return sorted(found, key=lambda passage: passage.id)


def load_strategies(directory: Path = DATA) -> list[LabelledStrategy]:
    """Return every labelled strategy; raise where its file is missing."""
    rows = read_jsonl(directory / "strategies.jsonl", LabelledStrategy.model_validate_json)
    for row in rows:
        if not (directory / "strategies" / row.file).is_file():
            raise LabelledDataError(
                f"{directory / 'strategies' / row.file}: labelled but missing; add the file or take the label out"
            )
    return sorted(rows, key=lambda row: row.file)


def load_splits(directory: Path = DATA) -> dict[str, Split]:
    """Return the frozen split of every group of passages."""
    splits: dict[str, Split] = json.loads((directory / "splits.json").read_text(encoding="utf-8"))["groups"]
    return splits


def in_split(passages: Iterable[LabelledPassage], splits: dict[str, Split], *wanted: Split) -> list[LabelledPassage]:
    """Return the passages of the wanted splits; raise where a group has none."""
    passages = list(passages)
    if unknown := sorted({p.group for p in passages} - splits.keys()):
        raise LabelledDataError(f"groups without a split: {', '.join(unknown)}; add them to labelled_data/splits.json")
    return [passage for passage in passages if splits[passage.group] in wanted]


def data_digest(rows: Sequence[BaseModel]) -> str:
    """Return the SHA-256 of labelled rows, whatever files they lie in."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row.model_dump(), sort_keys=True).encode())
    return digest.hexdigest()
