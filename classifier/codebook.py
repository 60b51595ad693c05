"""The codebook: what is asked of a document and of a passage, as validated data."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from classifier.errors import CodebookError

StrengthLabel = Literal["very_weak", "weak", "neither", "strong", "very_strong"]
Tier = Literal["primary", "secondary", "tertiary"]
TierState = Literal["none", "mentioned", "emphasised"]
STRENGTHS: tuple[StrengthLabel, ...] = get_args(StrengthLabel)
TIERS: tuple[Tier, ...] = get_args(Tier)
TIER_STATES: tuple[TierState, ...] = get_args(TierState)

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Criterion(BaseModel):
    """One question asked of a whole document. Codebook, part A."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    part: Annotated[str, Field(pattern=r"^A[1-7]$")]
    question: str
    levels: tuple[Key, ...] = Field(min_length=2)
    ordered: bool = False
    definition: str
    rule: str = ""
    clause: str

    @model_validator(mode="after")
    def _levels_differ(self) -> Self:
        if len(set(self.levels)) != len(self.levels):
            raise ValueError(f"criterion {self.key!r} names a level twice: {list(self.levels)}")
        return self

    def check(self, level: str) -> str:
        """Return the level, or raise `CodebookError` that lists the levels there are."""
        if level not in self.levels:
            raise CodebookError(f"{level!r} is no level of {self.key!r}; use one of: {', '.join(self.levels)}")
        return level


class PassageLabel(BaseModel):
    """One label a passage may carry beside others. Codebook, part B."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key
    definition: str


class Codebook(BaseModel):
    """Every criterion and passage label, under one version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[str, Field(pattern=r"^\d+\.\d+$")]
    title: str
    source: str
    criteria: tuple[Criterion, ...]
    passage_labels: tuple[PassageLabel, ...]

    @model_validator(mode="after")
    def _holds_what_the_classifier_answers(self) -> Self:
        keys = [criterion.key for criterion in self.criteria]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"criteria given twice: {', '.join(twice)}")
        for key, levels in [("strength", STRENGTHS), *((tier, TIER_STATES) for tier in TIERS)]:
            if key not in keys or self.criterion(key).levels != levels:
                raise ValueError(f"criterion {key!r} must have the levels {', '.join(levels)}, in this order")
        return self

    @property
    def labels(self) -> tuple[str, ...]:
        """The passage labels' keys, in the order the model's outputs have."""
        return tuple(label.key for label in self.passage_labels)

    def criterion(self, key: str) -> Criterion:
        """Return the criterion of that key, or raise `CodebookError` that lists the keys there are."""
        for criterion in self.criteria:
            if criterion.key == key:
                return criterion
        raise CodebookError(f"no criterion {key!r}; the codebook has: {', '.join(c.key for c in self.criteria)}")

    def part(self, *parts: str) -> tuple[Criterion, ...]:
        """Return the criteria of the named parts, in order."""
        return tuple(criterion for criterion in self.criteria if criterion.part in parts)


def load_codebook(path: Path) -> Codebook:
    """Read a codebook from TOML; raise `CodebookError` naming the file and the first fault."""
    try:
        return Codebook.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise CodebookError(f"{path}: no such file; name a codebook in TOML") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CodebookError(f"{path}: not TOML ({error}); mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "codebook"
        raise CodebookError(f"{path}: {place}: {first['msg']}; mend the file") from error
