"""The model card: what the model is for, how far to trust it, and what it was made from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from classifier.codebook import STRENGTHS, Codebook
from training.config import TrainingConfig
from training.document_scores import DocumentScores
from training.evaluation import PassageScores

_GOLD = re.compile(r"<!-- real text -->\n.*?<!-- end of real text -->\n\n", re.DOTALL)


def model_card(
    name: str, config: TrainingConfig, metrics: dict[str, Any], codebook: Codebook, passages: str, documents: str, digest: str
) -> str:  # fmt: skip
    """Return the card in Markdown; it opens with how far the model can be trusted.

    `passages` and `documents` say in words what each part was made from.
    """
    held_out, test = DocumentScores.model_validate(metrics["documents_held_out"]), metrics["passages_test"]
    strength = held_out.strength
    return f"""# Model card: {name}

## How far to trust it

{_table(test)}

The table is on {test["passages"]} passages of authorities the model was not trained on, but written by this project; **text of
real strategies is harder**. What was measured on real text stands in the repository's `docs/evaluation.md`, and
`prevention evaluate --passages FILE.jsonl` measures it on passages of yours.

Strength of prevention, on {strength.documents} documents left out of the fit in turn: quadratic weighted kappa {strength.quadratic_kappa}, mean absolute
error {strength.mean_absolute_error} steps, exact {strength.exact:.0%}, within one step {strength.within_one:.0%}, three or more steps wrong
{strength.three_or_more}. Expected calibration error {held_out.expected_calibration_error:.2f}. The sets of adjacent labels hold the label given by hand in
{held_out.set_coverage} of documents, with {held_out.mean_set_size:.2f} labels on average.

| true \\ given | {" | ".join(STRENGTHS)} |
|---|{"---|" * len(STRENGTHS)}
{_confusion(strength.confusion)}

| | documents | positives | agree | F1 (95 % interval) |
|---|---|---|---|---|
{_levels(held_out)}

{_faithfulness(held_out)}

## What it is for

It reads English health and wellbeing strategies and their kin, proposes labels of the codebook ({codebook.title}, version
{codebook.version}; {codebook.source}), and shows the passages each rests on. People decide. It is not for judging councils or
services, nor for documents in other languages or about other matters.

## What it was made from

- Passages: {passages}.
- Documents: {documents}.
- Data digest (SHA-256): `{digest}`
- No sentence of a real document is in this project's own data; `labelled_data/README.md` is their datasheet.
- Encoder: `{config.encoder}`, fine-tuned for {config.epochs} epochs with seed {config.seed}; every other choice is in `config.json`.
"""


def _interval(figure: dict[str, float]) -> str:
    return f"{figure['value']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


def _table(scores: dict[str, Any]) -> str:
    rows = [
        f"| {row['label']} | {row['positives']} | {_interval(row['f1'])} | {row['precision']['value']:.2f} | {row['recall']['value']:.2f} |"
        for row in scores["labels"]
    ]
    head = [
        "| passage label | positives | F1 (95 % interval) | precision | recall |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, f"| **mean of five** | | **{_interval(scores['mean_f1'])}** | | |"])


def _levels(scores: DocumentScores) -> str:
    rows = [(f"tier `{score.key}` (macro-F1)", score) for score in scores.tiers]
    rows += [(f"`{score.key}`", score) for score in scores.criteria]
    return "\n".join(
        f"| {name} | {score.documents} | {score.positives} | {score.accuracy:.0%} | {score.f1} |"
        for name, score in rows
    )


def _faithfulness(scores: DocumentScores) -> str:
    found = scores.faithfulness
    if found is None:
        return "No document had passages cited for its strength, so whether they carry the label was not measured."
    return (
        f"Without the passages cited for it the strength score moves away from the label by {found.cited}, without as many drawn at random by\n"
        f"{found.random} ({found.documents} documents)."
    )


def _confusion(table: list[list[int]]) -> str:
    return "\n".join(f"| {name} | {' | '.join(map(str, row))} |" for name, row in zip(STRENGTHS, table, strict=True))


def with_gold(card: str, scores: Sequence[PassageScores], source: str) -> str:
    """Return a card that opens with the figures on gold passages: the model's first, then the baselines'."""
    model, *others = scores
    rows = [
        f"| {row.label} | {row.positives} | {row.f1} | {row.precision.value:.2f} | {row.recall.value:.2f} |"
        for row in model.labels
        if row.positives
    ]
    beside = "".join(f"; {other.model} {other.mean_f1}" for other in others)
    block = f"""<!-- real text -->
## On real text

**Mean F1 {model.mean_f1}** over primary, secondary, tertiary, emphasis and integration, on {model.passages} passages of real documents ({source}) that
nothing was trained on{beside}. Two people reach about 0.94 against each other. Read its labels as proposals.

| passage label | positives | F1 (95 % interval) | precision | recall |
|---|---|---|---|---|
{chr(10).join(rows)}

<!-- end of real text -->

"""
    title, _, rest = _GOLD.sub("", card).partition("\n\n")
    return f"{title}\n\n{block}{rest}"
