"""One training run from labelled data to a model folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.artefact import (
    CODEBOOK,
    GRAPH,
    HEADS,
    MANIFEST,
    MODELS_DIRECTORY,
    TOKENIZER,
    Heads,
    Manifest,
    file_digest,
    load_artefact,
)
from classifier.calibration import PlattScaling, adjacent_set
from classifier.codebook import STRENGTHS, TIER_STATES, TIERS, Codebook, load_codebook
from classifier.encoder import OpenVinoModel, PassageModel
from classifier.errors import LabelledDataError
from classifier.features import STRENGTH_FEATURES, TIER_FEATURES
from training.calibration import conformal_coverage, expected_calibration_error, fit_scaling
from training.card import model_card
from training.config import TrainingConfig
from training.data import (
    DATA,
    LabelledPassage,
    LabelledStrategy,
    Split,
    data_digest,
    in_split,
    load_passages,
    load_splits,
    load_strategies,
)
from training.documents import HeldOut, ReadStrategy, held_out, read_strategies, strength_table, tier_table
from training.encoder import fine_tune
from training.evaluation import macro_f1, score_ordinal, score_passages
from training.export import export
from training.ordinal import TIER_RIDGE, fit_ordinal

Report = Callable[[str], None]
CONFIG, METRICS, CARD = "config.json", "metrics.json", "README.md"
# Fewer cannot carry five labels and ten weights.
_LEAST_STRATEGIES = 10


@dataclass(frozen=True, slots=True)
class Trained:
    """Where a run's model lies, and its metrics."""

    folder: Path
    metrics: dict[str, Any]


def train(config: TrainingConfig, report: Report, *, data: Path = DATA, models: Path = MODELS_DIRECTORY) -> Trained:
    """Train, calibrate, measure and write `models/<id>/`; return where it lies."""
    began = time.monotonic()
    labelled = _load(data)
    training = in_split(labelled.passages, labelled.splits, "train")[: config.limit]
    dev, test = (in_split(labelled.passages, labelled.splits, part) for part in ("dev", "test"))
    if not training or not dev or not test:
        raise LabelledDataError(
            f"{data}: too little data (train {len(training)}, dev {len(dev)}, test {len(test)}); add labels"
        )
    report(f"{len(training)} passages to train on, {len(dev)} to calibrate, {len(test)} to test")
    labels = labelled.codebook.labels
    network = fine_tune(training, labels, config, report)
    with _scratch(models) as folder:
        report("exporting the graph")
        export(network, folder)
        model = OpenVinoModel(folder / GRAPH, folder / TOKENIZER, threads=config.threads)
        scaling = fit_scaling(model.logits([p.asked for p in dev]), _targets(dev, labels))
        passages_test = _passage_metrics(model, scaling, test, labels)
        trained = _finish(folder, models, model, scaling, passages_test, labelled, config, report)
    report(f"wrote {trained.folder} after {time.monotonic() - began:.0f} s")
    return trained


def refit(folder: Path, report: Report, *, data: Path = DATA, models: Path = MODELS_DIRECTORY) -> Trained:
    """Fit the document heads of a model anew from whole labelled strategies, and keep its graph; return the new model.

    Nothing is read but strategies and their labels: no passage labels, and no torch.
    """
    artefact = load_artefact(folder)
    config = TrainingConfig.model_validate_json((folder / CONFIG).read_bytes())
    passages_test = json.loads((folder / METRICS).read_bytes())["passages_test"]
    with _scratch(models) as scratch:
        for name in (GRAPH, TOKENIZER):
            shutil.copyfile(folder / name, scratch / name)
        trained = _finish(
            scratch, models, artefact.passages, artefact.heads.scaling, passages_test, _load(data), config, report
        )
    report(f"wrote {trained.folder}")
    return trained


@dataclass(frozen=True, slots=True)
class _Labelled:
    """Everything in a folder of labelled data."""

    directory: Path
    codebook: Codebook
    passages: list[LabelledPassage]
    strategies: list[LabelledStrategy]
    splits: dict[str, Split]


def _load(data: Path) -> _Labelled:
    codebook = load_codebook(data / CODEBOOK)
    found = _Labelled(data, codebook, load_passages(codebook, data), load_strategies(data), load_splits(data))
    if len(found.strategies) < _LEAST_STRATEGIES:
        raise LabelledDataError(
            f"{data}: {len(found.strategies)} labelled strategies, fewer than {_LEAST_STRATEGIES}; add labels"
        )
    return found


@contextmanager
def _scratch(models: Path) -> Iterator[Path]:
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".training-") as name:
        yield Path(name)


def _finish(
    folder: Path, models: Path, model: PassageModel, scaling: PlattScaling, passages_test: dict[str, Any],
    labelled: _Labelled, config: TrainingConfig, report: Report,
) -> Trained:  # fmt: skip
    """Fit the document heads, write everything beside the graph, and move the folder to its name."""
    codebook = labelled.codebook
    report("reading the strategies")
    read = read_strategies(labelled.strategies, labelled.directory / "strategies", model, scaling, codebook.labels)
    left_out = held_out(read)
    heads = _heads(read, left_out, scaling, codebook.labels, config)
    metrics = {"passages_test": passages_test, "documents_held_out": _document_metrics(left_out, heads)}
    shutil.copyfile(labelled.directory / CODEBOOK, folder / CODEBOOK)
    _write_json(folder / HEADS, heads.model_dump())
    _write_json(folder / CONFIG, config.model_dump())
    _write_json(folder / METRICS, metrics)
    digest = data_digest([*labelled.passages, *labelled.strategies])
    name = _model_id(config, folder)
    card = model_card(name, config, metrics, codebook, labelled.passages, labelled.strategies, digest)
    (folder / CARD).write_text(card, encoding="utf-8")
    files = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
    manifest = Manifest(
        id=name, codebook_version=codebook.version, data_digest=digest, encoder=config.encoder, files=files
    )
    _write_json(folder / MANIFEST, manifest.model_dump())
    target = models / name
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(folder, target, copy_function=shutil.copyfile)
    target.chmod(0o755)
    return Trained(target, metrics)


def make_current(folder: Path) -> None:
    """Make a model the one in use."""
    (folder.parent / "CURRENT").write_text(folder.name + "\n", encoding="utf-8")


def _targets(passages: Sequence[LabelledPassage], labels: Sequence[str]) -> NDArray[np.int64]:
    return np.array([[int(label in p.labels) for label in labels] for p in passages])


def _heads(
    read: Sequence[ReadStrategy],
    left_out: HeldOut,
    scaling: PlattScaling,
    labels: Sequence[str],
    config: TrainingConfig,
) -> Heads:
    values, strengths = strength_table(read)
    tiers = {}
    for tier in TIERS:
        tier_values, states = tier_table(read, tier)
        tiers[tier] = fit_ordinal(tier_values, states, TIER_STATES, TIER_FEATURES, ridge=TIER_RIDGE)
    return Heads(
        labels=list(labels),
        scaling=scaling,
        strength=fit_ordinal(values, strengths, STRENGTHS, STRENGTH_FEATURES),
        tiers=tiers,
        coverage=conformal_coverage(left_out.strength, left_out.strength_labels.tolist(), config.stated_coverage),
        stated_coverage=config.stated_coverage,
    )


def _passage_metrics(
    model: OpenVinoModel, scaling: PlattScaling, test: Sequence[LabelledPassage], labels: Sequence[str]
) -> dict[str, Any]:
    probabilities = scaling.probabilities(model.logits([p.asked for p in test]))
    given = (probabilities >= np.array(scaling.thresholds)).astype(np.int64)
    return score_passages(
        "fine-tuned", labels, _targets(test, labels), probabilities, given, resamples=300
    ).model_dump()


def _document_metrics(left_out: HeldOut, heads: Heads) -> dict[str, Any]:
    labels, found = left_out.strength_labels, np.stack(left_out.strength)
    given = found.argmax(axis=1)
    sets = [adjacent_set(p.tolist(), heads.coverage) for p in left_out.strength]
    held = [first <= label <= last for (first, last), label in zip(sets, labels, strict=True)]
    tiers = {}
    for tier, (probabilities, states) in left_out.tiers.items():
        tiers[tier] = {
            "macro_f1": macro_f1(states, np.stack(probabilities).argmax(axis=1)),
            "documents": len(states),
        }
    return {
        "strength": score_ordinal(labels, given, len(STRENGTHS), resamples=300).model_dump(),
        "expected_calibration_error": round(expected_calibration_error(found.max(axis=1), given == labels, bins=5), 4),
        "set_coverage": round(float(np.mean(held)), 4),
        "mean_set_size": round(float(np.mean([last - first + 1 for first, last in sets])), 4),
        "tiers": tiers,
    }


def _model_id(config: TrainingConfig, folder: Path) -> str:
    parts = [file_digest(folder / GRAPH), file_digest(folder / HEADS), file_digest(folder / CODEBOOK)]
    return f"{config.name}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]}"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
