"""`prevention evaluate`: the model beside two baselines on gold passages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from classifier.artefact import MANIFEST, check_files, current_model, file_digest, load_artefact
from classifier.errors import LabelledDataError
from training.baselines import run_baselines
from training.card import with_gold
from training.data import GoldPassage, in_split, load_passages, load_splits, read_jsonl
from training.evaluation import QUOTED, PassageScores, score_passages


def evaluate_passages(
    path: Path, model: Path | None, *, baselines: bool, output: Path | None, into_card: bool = False
) -> list[PassageScores]:
    """Print, and return, the figures of the model and of the baselines trained on the same passages."""
    gold = read_jsonl(path, GoldPassage.model_validate_json)
    folder = model if model is not None else current_model()
    artefact = load_artefact(folder)
    labels = artefact.heads.labels
    if not gold:
        raise LabelledDataError(f"{path}: holds no passage; name a file with one JSON object per line")
    if unknown := sorted({label for p in gold for label in p.labels} - set(labels)):
        raise LabelledDataError(f"{path}: unknown labels {unknown}; the codebook has: {', '.join(labels)}")
    targets = np.array([[int(label in p.labels) for label in labels] for p in gold])
    asked = [passage.asked for passage in gold]
    probabilities = artefact.heads.scaling.probabilities(artefact.passages.logits(asked))
    given = (probabilities >= np.array(artefact.heads.scaling.thresholds)).astype(np.int64)
    scores = [score_passages(f"fine-tuned ({artefact.id})", labels, targets, probabilities, given)]
    console = Console(stderr=True)
    if baselines:
        train = in_split(load_passages(artefact.codebook), load_splits(), "train")
        with console.status("training the baselines"):
            for result in run_baselines(train, gold, labels, "all-MiniLM-L6-v2", lambda _: None):
                plain = (result.probabilities >= 0.5).astype(np.int64)
                scores.append(score_passages(result.name, labels, targets, result.probabilities, plain))
    _print(scores, len(gold))
    if into_card:
        _write_into_card(folder, scores, path.name)
    if output is not None:
        output.write_text(json.dumps([s.model_dump() for s in scores], indent=1) + "\n", encoding="utf-8")
    return scores


def _write_into_card(folder: Path, scores: Sequence[PassageScores], source: str) -> None:
    """Open the model's card with the figures, and bring its manifest up to date with the card."""
    manifest = check_files(folder)
    card = folder / "README.md"
    card.write_text(with_gold(card.read_text(encoding="utf-8"), scores, source), encoding="utf-8")
    renewed = manifest.model_copy(update={"files": {**manifest.files, card.name: file_digest(card)}})
    (folder / MANIFEST).write_text(renewed.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _print(scores: Sequence[PassageScores], count: int) -> None:
    console = Console(width=120)
    for score in scores:
        table = Table(title=f"{score.model}, {count} passages (95 % bootstrap intervals)", title_justify="left")
        for column in ("label", "positives", "F1", "precision", "recall", "average precision"):
            table.add_column(column, justify="left" if column == "label" else "right", no_wrap=True)
        for row in score.labels:
            figures = ("–",) * 4 if not row.positives else (row.f1, row.precision, row.recall, row.average_precision)
            table.add_row(row.label, str(row.positives), *map(str, figures))
        console.print(table)
        console.print(f"mean F1 over {', '.join(QUOTED)}: {score.mean_f1}\n", highlight=False)
