"""`prevention evaluate`: the model beside two baselines on gold passages, or on whole documents beside two readers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from pydantic import ConfigDict
from rich.console import Console
from rich.table import Table

from classifier.artefact import MANIFEST, check_files, current_model, file_digest, load_artefact
from classifier.errors import LabelledDataError
from training.agreement import first_strategies, load_second_strategies, strategy_agreement
from training.baselines import run_baselines
from training.card import with_gold
from training.data import (
    DATA,
    GoldPassage,
    HandLabels,
    in_split,
    load_passages,
    load_splits,
    load_strategies,
    read_jsonl,
)
from training.document_scores import DocumentScores, LevelScore, score_documents
from training.documents import LEAST_DOCUMENTS, as_given, held_out, read_strategies
from training.evaluation import QUOTED, OrdinalScores, PassageScores, score_passages


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


class GoldDocument(HandLabels):
    """A document to measure against; anything beside the labels is left unread."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    authority: str = ""


def evaluate_documents(
    path: Path | None, folder: Path | None, model: Path | None, *, output: Path | None
) -> DocumentScores:  # fmt: skip
    """Print, and return, the figures on documents: those of a file by the model's own heads, else our strategies, each held out."""
    artefact = load_artefact(model if model is not None else current_model())
    own = path is None
    rows: Sequence[HandLabels] = (
        load_strategies() if path is None else read_jsonl(path, GoldDocument.model_validate_json)
    )
    directory = DATA / "strategies" if path is None else folder or path.parent
    rows = [row for row in rows if row.file]
    for row in rows:
        if not (directory / row.file).is_file():
            raise LabelledDataError(f"{directory / row.file}: labelled but missing; give its folder with --folder")
    if not any(row.strength for row in rows):
        raise LabelledDataError(f"{path}: no document has both a file and a strength label; add some")
    console = Console(width=120)
    with Console(stderr=True).status(f"reading {len(rows)} documents"):
        read = read_strategies(rows, directory, artefact.passages, artefact.heads.scaling, artefact.heads.labels)
        scores = score_documents(read, held_out(read) if own else as_given(read, artefact.heads), artefact.heads)
    readers = strategy_agreement(first_strategies(load_strategies()), load_second_strategies()) if own else None
    how = "each scored by heads fitted without its authority" if own else "scored by the model's own heads"
    console.print(f"{scores.strength.documents} documents, {how}; 95 % bootstrap intervals\n")
    _print_strength(console, scores, readers.strength if readers else None)
    _print_levels(console, "tier states (macro-F1)", scores.tiers, readers.tiers if readers else [])
    _print_levels(console, "criteria (F1 of yes, or macro-F1)", scores.criteria, readers.criteria if readers else [])
    if (faithful := scores.faithfulness) is not None:
        console.print(
            f"faithfulness: without the passages cited the strength score moves by {faithful.cited}, without as many drawn at random by "
            f"{faithful.random}; further in {faithful.cited_moves_more:.0%} of {faithful.documents} documents",
            highlight=False,
        )
    if output is not None:
        output.write_text(scores.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return scores


def _print_strength(console: Console, scores: DocumentScores, readers: OrdinalScores | None) -> None:
    table = Table(title="strength", title_justify="left")
    for column in ("", "documents", "quadratic kappa", "mean absolute error", "exact", "one step off", "three or more"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    rows = [("all", scores.strength), *scores.by_kind.items(), *([("two readers", readers)] if readers else [])]
    for name, found in rows:
        kappa = "–" if found.documents < LEAST_DOCUMENTS else str(found.quadratic_kappa)
        table.add_row(
            name, str(found.documents), kappa, str(found.mean_absolute_error), f"{found.exact:.0%}",
            f"{found.within_one - found.exact:.0%}", str(found.three_or_more),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"expected calibration error {scores.expected_calibration_error:.2f}; sets of labels hold the hand label in {scores.set_coverage}, "
        f"{scores.mean_set_size:.2f} labels on average\n",
        highlight=False,
    )


def _print_levels(console: Console, title: str, scores: Sequence[LevelScore], readers: Sequence[LevelScore]) -> None:
    table = Table(title=title, title_justify="left")
    for column in ("", "documents", "positives", "agree", "F1", "two readers, F1"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=True)
    beside = {score.key: str(score.f1) for score in readers}
    for score in scores:
        table.add_row(
            score.key, str(score.documents), str(score.positives), f"{score.accuracy:.0%}", str(score.f1), beside.get(score.key, "–")
        )  # fmt: skip
    console.print(table)
    console.print()
