"""A training run as data: one TOML file, saved into the model folder."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifier.errors import ConfigurationError


class TrainingConfig(BaseModel):
    """Every choice of a training run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "minilm"
    encoder: str = Field(
        default="all-MiniLM-L6-v2",
        description="a sentence-transformers name or folder; all-MiniLM-L6-v2 needs no network",
    )
    seed: int = 7
    epochs: Annotated[int, Field(ge=1, le=100)] = 6
    members: Annotated[int, Field(ge=1, le=8)] = Field(
        default=1, description="runs that differ in order and mixing alone, whose weights are averaged in the end"
    )
    learning_rate: Annotated[float, Field(gt=0)] = 6e-5
    head_learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 0.9
    weight_decay: float = 0.01
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.1
    batch_tokens: Annotated[int, Field(ge=256)] = 3000
    label_smoothing: Annotated[float, Field(ge=0, lt=0.5)] = 0.03
    heading_dropout: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.35, description="share of passages shown without heading"
    )
    heading_run_in: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.2, description="share with the heading run into the text, as extraction leaves it"
    )
    mixed: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.25, description="share shown woven or glued together with another passage, with the labels of both"
    )
    flanked: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.3,
        description="share shown between pieces of unlabelled passages, as a cut through a page leaves them",
    )
    slips: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.2, description="share shown with lost letters, a link or a page number in the text"
    )
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    threads: Annotated[int, Field(ge=1)] = 2
    limit: int | None = Field(
        default=None, description="train on the first so many passages only, for tests and learning curves"
    )
    stated_coverage: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    baselines: bool = True


def load_config(path: Path) -> TrainingConfig:
    """Read a run's configuration; raise `ConfigurationError` with the key and the rule."""
    try:
        return TrainingConfig.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{path}: no such file; training/release.toml is the one releases are made with"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not TOML ({error}); mend the file") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            f"{path}: {'.'.join(map(str, first['loc']))} = {first['input']!r}: {first['msg']}; mend the value"
        ) from error
