"""One training run from labelled data to a model folder."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import tempfile
import time
from collections import Counter
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
    LEXICON,
    MANIFEST,
    MODELS_DIRECTORY,
    TOKENIZER,
    Artefact,
    Heads,
    Manifest,
    check_files,
    file_digest,
    load_artefact,
    passage_model,
)
from classifier.calibration import OrdinalModel, PlattScaling
from classifier.codebook import STRENGTHS, TIER_STATES, Codebook, load_codebook
from classifier.encoder import PassageModel, Text
from classifier.errors import LabelledDataError
from classifier.features import STRENGTH_FEATURES, TIER_FEATURES
from training.augmentation import Shown, show
from training.calibration import conformal_coverage, fit_scaling
from training.card import model_card
from training.config import TrainingConfig
from training.corrections import training_data, unused
from training.data import (
    DATA,
    HandLabels,
    LabelledPassage,
    data_digest,
    in_split,
    load_passages,
    load_splits,
    load_strategies,
)
from training.document_scores import score_documents
from training.documents import (
    LEAST_DOCUMENTS,
    HeldOut,
    ReadStrategy,
    held_out,
    read_strategies,
    strength_table,
    tier_table,
)
from training.evaluation import score_passages
from training.export import export
from training.hand_labels import load_hand_labels
from training.lexicon import fit_lexicon
from training.ordinal import TIER_RIDGE, fit_ordinal
from training.snapshots import LIST
from training.soup import fine_tune_members

Report = Callable[[str], None]
CONFIG, METRICS, CARD = "config.json", "metrics.json", "README.md"


@dataclass(frozen=True, slots=True)
class Trained:
    """Where a run's model lies, and its metrics."""

    folder: Path
    metrics: dict[str, Any]


def train(config: TrainingConfig, report: Report, *, data: Path = DATA, models: Path = MODELS_DIRECTORY) -> Trained:
    """Train, calibrate, measure and write `models/<id>/`; return where it lies."""
    began = time.monotonic()
    codebook = load_codebook(data / CODEBOOK)
    found = training_data(codebook, data)
    passages, splits, documents = found.passages, found.splits, _own_documents(data, found.documents)
    for line in unused(found):
        report(line)
    training = in_split(passages, splits, "train")[: config.limit]
    dev, test = (in_split(passages, splits, part) for part in ("dev", "test"))
    if not training or not dev or not test:
        raise LabelledDataError(
            f"{data}: too little data (train {len(training)}, dev {len(dev)}, test {len(test)}); add labels"
        )
    report(f"{len(training)} passages to train on, {len(dev)} to calibrate, {len(test)} to test")
    labels = codebook.labels
    network = fine_tune_members(training, labels, config, report)
    with _scratch(models) as folder:
        report("exporting the graph")
        export(network, folder)
        shutil.copyfile(data / CODEBOOK, folder / CODEBOOK)
        _write_json(folder / CONFIG, config.model_dump())
        report("fitting the lexicon")
        fit_lexicon(training, labels).save(folder / LEXICON)
        if (data / LIST).is_file():
            shutil.copyfile(data / LIST, folder / LIST)
        model = passage_model(folder, threads=config.threads)
        scaling = _scaling(model, dev, labels, config)
        passages_test = _passage_metrics(model, scaling, test, labels)
        source = Source(
            _spread(passages, len(training)), data_digest(passages), config, codebook, scaling, passages_test, tiers={}
        )
        trained = _finish(folder, models, model, source, documents, report)
    report(f"wrote {trained.folder} after {time.monotonic() - began:.0f} s")
    return trained


def refit(
    folder: Path, report: Report, *, data: Path = DATA, models: Path = MODELS_DIRECTORY, documents: Documents | None = None,
    calibrate: bool = False,
) -> Trained:  # fmt: skip
    """Fit the document heads of a model anew from labelled documents, and keep its graph; return the new model.

    Nothing is read but documents and their labels: no passage labels, and no torch. By default the documents are the project's own
    strategies; with a researcher's, only strength need be labelled, and a tier that they do not tell keeps its head. With `calibrate`,
    probabilities and thresholds of passages are fitted anew as well, on the calibration passages there are now.
    """
    artefact, manifest = load_artefact(folder), check_files(folder)
    config = TrainingConfig.model_validate_json((folder / CONFIG).read_bytes())
    metrics = json.loads((folder / METRICS).read_bytes())
    with _scratch(models) as scratch:
        for name in (GRAPH, TOKENIZER, LEXICON, CODEBOOK, CONFIG):
            shutil.copyfile(folder / name, scratch / name)
        scaling, passages_test = artefact.heads.scaling, metrics["passages_test"]
        if calibrate:
            report("calibrating on passages")
            scaling, passages_test = _calibrated(artefact, config, data)
        source = Source(
            metrics["passages"], manifest.passages_digest, config, artefact.codebook, scaling, passages_test, artefact.heads.tiers
        )  # fmt: skip
        own = documents or _own_documents(data, training_data(artefact.codebook, data).documents)
        trained = _finish(scratch, models, artefact.passages, source, own, report)
    report(f"wrote {trained.folder}")
    return trained


def _calibrated(artefact: Artefact, config: TrainingConfig, data: Path) -> tuple[PlattScaling, dict[str, Any]]:
    """Return a passage model's calibration fitted anew, and its figures on the test passages with it."""
    labels, splits = artefact.codebook.labels, load_splits(data)
    passages = load_passages(artefact.codebook, data)
    dev, test = (in_split(passages, splits, part) for part in ("dev", "test"))
    scaling = _scaling(artefact.passages, dev, labels, config)
    return scaling, _passage_metrics(artefact.passages, scaling, test, labels)


@dataclass(frozen=True, slots=True)
class Documents:
    """Labelled documents, the folder their files lie in, and what they are, in words for the card."""

    rows: Sequence[HandLabels]
    directory: Path
    described: str


def hand_labelled(labels: Path, directory: Path) -> Documents:
    """Return the documents of an import (`prevention labels import`) that have a strength label and a file in `directory`."""
    rows = [
        row
        for row in load_hand_labels(labels)
        if row.strength is not None and (directory / (row.file or "-")).is_file()
    ]
    return Documents(
        _enough(rows, labels), directory, f"{len(rows)} documents with labels given by hand ({labels.parent.name})"
    )


def _own_documents(data: Path, corrected: Sequence[HandLabels]) -> Documents:
    rows = load_strategies(data)
    beside = f" and {len(corrected)} documents as people corrected them" if corrected else ""
    return Documents(
        _enough([*rows, *corrected], data), data / "strategies", f"{len(rows)} whole invented strategies{beside}"
    )


def _enough(rows: Sequence[HandLabels], where: Path) -> Sequence[HandLabels]:
    if len(rows) < LEAST_DOCUMENTS:
        raise LabelledDataError(
            f"{where}: {len(rows)} documents with a strength label and a file, fewer than {LEAST_DOCUMENTS}; add labels"
        )
    return rows


@dataclass(frozen=True, slots=True)
class Source:
    """What document heads are fitted upon: the passage model's calibration and figures, and the tier heads there are already."""

    passages: str
    passages_digest: str
    config: TrainingConfig
    codebook: Codebook
    scaling: PlattScaling
    passages_test: dict[str, Any]
    tiers: dict[str, OrdinalModel]


@contextmanager
def _scratch(models: Path) -> Iterator[Path]:
    models.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=models, prefix=".training-") as name:
        yield Path(name)


def _finish(
    folder: Path, models: Path, model: PassageModel, source: Source, documents: Documents, report: Report
) -> Trained:  # fmt: skip
    """Fit the document heads, write everything beside the graph, and move the folder to its name."""
    report(f"reading {len(documents.rows)} documents")
    labels, config, codebook = source.codebook.labels, source.config, source.codebook
    read = read_strategies(documents.rows, documents.directory, model, source.scaling, labels)
    left_out = held_out(read)
    heads = _heads(read, left_out, source)
    metrics = {
        "passages": source.passages,
        "passages_test": source.passages_test,
        "documents_held_out": score_documents(read, left_out, heads).model_dump(),
    }
    _write_json(folder / HEADS, heads.model_dump())
    _write_json(folder / METRICS, metrics)
    digest = hashlib.sha256((source.passages_digest + data_digest(documents.rows)).encode()).hexdigest()
    name = _model_id(config, folder)
    card = model_card(name, config, metrics, codebook, source.passages, documents.described, digest)
    (folder / CARD).write_text(card, encoding="utf-8")
    files = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
    manifest = Manifest(
        id=name, codebook_version=codebook.version, data_digest=digest, passages_digest=source.passages_digest,
        encoder=config.encoder, files=files,
    )  # fmt: skip
    _write_json(folder / MANIFEST, manifest.model_dump())
    target = models / name
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(folder, target, copy_function=shutil.copyfile)
    target.chmod(0o755)
    return Trained(target, metrics)


def _spread(passages: Sequence[LabelledPassage], trained_on: int) -> str:
    origins = Counter(passage.origin for passage in passages)
    spread = ", ".join(f"{count} {origin.replace('_', ' ')}" for origin, count in sorted(origins.items()))
    return f"{len(passages)} labelled passages ({spread}), {trained_on} of them trained on"


def _targets(passages: Sequence[LabelledPassage], labels: Sequence[str]) -> NDArray[np.int64]:
    return np.array([[int(label in p.labels) for label in labels] for p in passages])


def _heads(read: Sequence[ReadStrategy], left_out: HeldOut, source: Source) -> Heads:
    values, strengths = strength_table(read)
    tiers = dict(source.tiers)
    for tier in left_out.tiers:
        tier_values, states = tier_table(read, tier)
        tiers[tier] = fit_ordinal(tier_values, states, TIER_STATES, TIER_FEATURES, ridge=TIER_RIDGE)
    stated = source.config.stated_coverage
    return Heads(
        labels=list(source.codebook.labels),
        scaling=source.scaling,
        strength=fit_ordinal(values, strengths, STRENGTHS, STRENGTH_FEATURES),
        tiers=tiers,
        coverage=conformal_coverage(left_out.strength, left_out.strength_labels.tolist(), stated),
        stated_coverage=stated,
    )


def _scaling(
    model: PassageModel, dev: Sequence[LabelledPassage], labels: Sequence[str], config: TrainingConfig
) -> PlattScaling:
    """Fit calibration and thresholds on passages as extraction leaves them: without heading, and mixed with others."""
    dice = random.Random(config.seed)  # noqa: S311 - mixing, no secret
    bare = [Shown(Text(passage.text), frozenset(passage.labels)) for passage in dev]
    messy = config.model_copy(update={"mixed": 1.0})
    shown = bare + [show(dev, i, messy, dice) for i in range(len(dev))]
    targets = np.array([[int(label in passage.labels) for label in labels] for passage in shown])
    return fit_scaling(model.logits([passage.text for passage in shown]), targets)


def _passage_metrics(
    model: PassageModel, scaling: PlattScaling, test: Sequence[LabelledPassage], labels: Sequence[str]
) -> dict[str, Any]:
    probabilities = scaling.probabilities(model.logits([p.asked for p in test]))
    given = (probabilities >= np.array(scaling.thresholds)).astype(np.int64)
    return score_passages(
        "fine-tuned", labels, _targets(test, labels), probabilities, given, resamples=300
    ).model_dump()


def _model_id(config: TrainingConfig, folder: Path) -> str:
    parts = [file_digest(folder / name) for name in (GRAPH, LEXICON, HEADS, CODEBOOK)]
    return f"{config.name}-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:10]}"


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
