"""A model folder: the graph, the tokenizer, the document heads, the codebook it was trained with, and a manifest of digests.

`training` writes it and `classifier` reads it; the two meet nowhere else. There is no pickle in it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.calibration import OrdinalModel, PlattScaling
from classifier.codebook import Codebook, load_codebook
from classifier.encoder import OpenVinoModel, PassageModel
from classifier.errors import ModelError
from classifier.lexicon import BlendedModel, load_lexicon

GRAPH = "model.onnx"
TOKENIZER = "tokenizer.json"
LEXICON = "lexicon.npz"
HEADS = "heads.json"
CODEBOOK = "codebook.toml"
MANIFEST = "manifest.json"
POINTER = "CURRENT"
MODELS_DIRECTORY = Path(__file__).resolve().parent.parent / "models"
_TRAIN = "run `prevention train training/release.toml`, or name another folder with --model"


class Heads(BaseModel):
    """Everything between passage logits and document labels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: list[str]
    scaling: PlattScaling
    strength: OrdinalModel
    tiers: dict[str, OrdinalModel]
    coverage: float
    stated_coverage: float


class Manifest(BaseModel):
    """What a model folder holds: a SHA-256 for every file, and that of the labelled data it was trained on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    codebook_version: str
    data_digest: str
    passages_digest: str = ""
    encoder: str
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parts:
    """A model folder whose files have been checked, but for its graph, which is not loaded."""

    id: str
    codebook: Codebook
    heads: Heads
    # Changes with the encoder, the tokenizer or the lexicon, and with nothing else.
    passages_digest: str
    load_passages: Callable[[], PassageModel]


@dataclass(frozen=True, slots=True)
class Artefact:
    """A model ready for use."""

    id: str
    codebook: Codebook
    heads: Heads
    passages: PassageModel


def models_directory() -> Path:
    """Return the folder that models lie in: PREVENTION_MODELS where it is set, else the project's own."""
    named = os.environ.get("PREVENTION_MODELS")
    return Path(named) if named else MODELS_DIRECTORY


def current_model(directory: Path | None = None) -> Path:
    """Return the folder of the model in use: PREVENTION_MODEL where it is set, else the one that `CURRENT` names in the folder of models."""
    if named := os.environ.get("PREVENTION_MODEL"):
        return Path(named)
    directory = directory or models_directory()
    pointer = directory / POINTER
    if not pointer.is_file():
        raise ModelError(f"{pointer}: no model is in use; {_TRAIN}")
    return directory / pointer.read_text(encoding="utf-8").strip()


def check_files(folder: Path) -> Manifest:
    """Return the manifest of a model folder, or raise `ModelError` that names the file that is missing or altered."""
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelError(f"{path}: no such file, so this is no model folder; {_TRAIN}")
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(f"{path}: not a manifest ({error.errors()[0]['msg']}); {_TRAIN}") from error
    for name in {GRAPH, TOKENIZER, LEXICON, HEADS, CODEBOOK} - manifest.files.keys():
        raise ModelError(f"{path}: the manifest does not list {name}; {_TRAIN}")
    for name, digest in sorted(manifest.files.items()):
        if Path(name).name != name or not (folder / name).is_file():
            raise ModelError(f"{folder / name}: listed in the manifest but missing; {_TRAIN}")
        if (found := file_digest(folder / name)) != digest:
            raise ModelError(
                f"{folder / name}: altered since training (SHA-256 {found[:12]}…, not {digest[:12]}…); {_TRAIN}"
            )
    return manifest


def load_artefact(folder: Path | None = None, *, threads: int = 0) -> Artefact:
    """Load a model folder after checking every file's digest; without a folder, the model in use."""
    parts = load_parts(folder, threads=threads)
    return Artefact(parts.id, parts.codebook, parts.heads, parts.load_passages())


def load_parts(folder: Path | None = None, *, threads: int = 0) -> Parts:
    """Check every file of a model folder and load all but the graph; without a folder, the model in use."""
    folder = folder if folder is not None else current_model()
    manifest = check_files(folder)
    codebook = load_codebook(folder / CODEBOOK)
    heads = Heads.model_validate(json.loads((folder / HEADS).read_bytes()))
    if tuple(heads.labels) != codebook.labels:
        raise ModelError(
            f"{folder / HEADS}: labels {heads.labels} are not the codebook's {list(codebook.labels)}; {_TRAIN}"
        )
    digests = [manifest.files[name] for name in (GRAPH, TOKENIZER, LEXICON)]
    passages_digest = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    return Parts(manifest.id, codebook, heads, passages_digest, lambda: passage_model(folder, threads=threads))


def passage_model(folder: Path, *, threads: int = 0) -> BlendedModel:
    """Return the encoder and the lexicon of a model folder as one passage model."""
    encoder = OpenVinoModel(folder / GRAPH, folder / TOKENIZER, threads=threads)
    return BlendedModel(encoder, load_lexicon(folder / LEXICON))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
