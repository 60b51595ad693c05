"""One scoring of many documents, as `prevention score --format json` writes it, with what a comparison needs of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.codebook import STRENGTHS
from classifier.errors import LabelledDataError


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Quote(_Part):
    """A passage cited for or against a strength."""

    quote: str
    page: int
    score: float = 0.0
    direction: str = "for"


class _Contribution(_Part):
    feature: str
    contribution: float


class _Strength(_Part):
    label: str | None
    set: list[str] = []
    score: float | None = None
    contributions: list[_Contribution] = []
    evidence: list[Quote] = []


class _Document(_Part):
    digest: str
    file: str


class _State(_Part):
    state: str


class _Value(_Part):
    value: bool | str | None


class Scoring(_Part):
    """What one run says of one document."""

    document: _Document
    model: str
    strength: _Strength
    tiers: dict[str, _State] = {}
    criteria: dict[str, _Value] = {}

    @property
    def step(self) -> int | None:
        """Return the strength as its place in the order; None where too little could be read."""
        return STRENGTHS.index(self.strength.label) if self.strength.label in STRENGTHS else None

    @property
    def levels(self) -> dict[str, str]:
        """Return every tier's state and criterion's value in words."""
        said = {tier: found.state for tier, found in self.tiers.items()}
        words = {True: "yes", False: "no", None: "not_enough_text"}
        return said | {
            key: found.value if isinstance(found.value, str) else words[found.value]
            for key, found in self.criteria.items()
        }


@dataclass(frozen=True, slots=True)
class Run:
    """A run's scorings by digest; of a document scored twice the last stays."""

    name: str
    by_digest: dict[str, Scoring]
    faults: tuple[str, ...] = ()

    @property
    def models(self) -> list[str]:
        return sorted({scoring.model for scoring in self.by_digest.values()})


def read_run(path: Path) -> Run:
    """Read a file of lines, or the files of a folder; a line that is no prediction is a fault and stops no other."""
    files = sorted(p for p in path.rglob("*.json*") if p.suffix in (".json", ".jsonl")) if path.is_dir() else [path]
    found: dict[str, Scoring] = {}
    faults: list[str] = []
    for file in files:
        try:
            with file.open("rb") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        _read_line(line, f"{file.name}, line {number}", found, faults)
        except OSError as error:
            raise LabelledDataError(f"{file}: cannot be read ({error.strerror}); check the path") from error
    if not found:
        raise LabelledDataError(f"{path}: no prediction in it; write them by `prevention score --format json`")
    return Run(path.name, found, tuple(faults))


def _read_line(line: bytes, place: str, found: dict[str, Scoring], faults: list[str]) -> None:
    try:
        scoring = Scoring.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        faults.append(
            f"{place}: no prediction: {'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}; left out"
        )
        return
    found[scoring.document.digest] = scoring
