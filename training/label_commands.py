"""The commands under `prevention labels` that training adds. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classifier.commands import labels as commands
from classifier.errors import MissingExtraError


def require_extra() -> None:
    """Refuse with the pip command where the training packages are missing."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("torch", "sentence_transformers", "datasets", "sklearn", "onnx")):
        raise MissingExtraError("training and evaluation", "train")


def check(
    against: Annotated[
        list[Path] | None, typer.Option(help="Texts that no passage may share a run of eight words with.")
    ] = None,
) -> None:
    """Check the labelled data: near-duplicates, templates, worn openings, words that give a label away."""
    require_extra()
    from training.checks import check_data

    faults = check_data(against or [])
    for fault in faults:
        typer.echo(fault)
    typer.echo(f"{len(faults)} faults")
    raise typer.Exit(1 if faults else 0)


def import_(
    file: Annotated[Path, typer.Argument(help="The spreadsheet, .csv or .xlsx: one row per strategy.")],
    mapping: Annotated[
        Path | None,
        typer.Option(help="TOML file that says which column holds which key, and what your own values mean."),
    ] = None,
    documents: Annotated[
        Path | None, typer.Option(help="Folder of the documents; by default the spreadsheet's.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder to write into; by default labelled_data/imported/<name of the file>.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Name of the sheet in an Excel file; by default the first.")] = None,
) -> None:
    """Take in labels that people gave by hand: keeps what fits the codebook, names row and column of what does not."""
    require_extra()
    from classifier.codebook import load_codebook
    from training.data import DATA
    from training.hand_labels import FAULTS, LABELS, import_labels, summary

    target = output or DATA / "imported" / file.stem
    codebook = load_codebook(DATA / "codebook.toml")
    found = import_labels(file, codebook, target, mapping=mapping, documents=documents, sheet=sheet)
    for fault in found.faults:
        typer.echo(str(fault))
    for line in summary(found):
        typer.echo(line)
    typer.echo(f"wrote {target / LABELS}, {target / FAULTS} and a copy of the file")


def agreement() -> None:
    """Show how far first and second readers agree: passages label by label, strategies criterion by criterion."""
    require_extra()
    from classifier.codebook import load_codebook
    from training.agreement import (
        agreement,
        first_readings,
        first_strategies,
        load_second_readings,
        load_second_strategies,
        strategy_agreement,
    )
    from training.data import DATA, load_passages, load_strategies

    codebook = load_codebook(DATA / "codebook.toml")
    passages, second = first_readings(load_passages(codebook)), load_second_readings()
    typer.echo(
        f"{sum(p.id in second for p in passages)} passages read twice; Cohen's kappa with 95 % interval, F1 of one against the other"
    )
    for row in agreement(passages, second, codebook):
        typer.echo(f"{row.label:15} {row.first:5} {row.second:5}   kappa {row.kappa}   F1 {row.f1:.2f}")
    readers = strategy_agreement(first_strategies(load_strategies()), load_second_strategies())
    strength = readers.strength
    typer.echo(
        f"{strength.documents} strategies read twice; strength: quadratic weighted kappa {strength.quadratic_kappa}, exact {strength.exact:.0%}"
    )
    for score in (*readers.tiers, *readers.criteria):
        typer.echo(f"{score.key:22} agree {score.accuracy:.0%}   F1 {score.f1}")


def doubts(
    labels: Annotated[
        Path | None,
        typer.Option(help="Labels given by hand, as `labels import` writes them; by default the project's."),
    ] = None,
    documents: Annotated[Path | None, typer.Option(help="Folder of the documents that --labels names.")] = None,
    model: Annotated[Path | None, typer.Option(help="Model folder; by default the one in use.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Show so many at most.")] = 30,
    output: Annotated[Path | None, typer.Option(help="Write all of them as JSON lines into this file.")] = None,
) -> None:
    """List labels given by hand that heads fitted without their authority doubt, the furthest off first."""
    require_extra()
    from classifier.artefact import load_artefact
    from training.data import DATA, load_strategies
    from training.doubts import find_doubts
    from training.run import hand_labelled

    chosen = hand_labelled(labels, documents or labels.parent) if labels is not None else None
    rows = load_strategies() if chosen is None else chosen.rows
    folder = DATA / "strategies" if chosen is None else chosen.directory
    found = find_doubts(rows, folder, load_artefact(model))
    for doubt in found[:limit]:
        typer.echo(
            f"{doubt.steps} steps   {doubt.file}   {doubt.criterion}: {doubt.given} given ({doubt.probability:.0%}), {doubt.likely} likelier"
        )
    typer.echo(f"{len(found)} labels doubted in {len(rows)} documents")
    if output is not None:
        output.write_text("".join(doubt.model_dump_json() + "\n" for doubt in found), encoding="utf-8")


def outdated(
    codebook: Annotated[
        Path | None, typer.Option(help="The codebook to compare with; by default labelled_data/codebook.toml.")
    ] = None,
) -> None:
    """List labels of another version of the codebook that have to be given anew, because the words of their criterion have changed.

    Exit status: 0 where there are none, 1 otherwise.
    """
    require_extra()
    from classifier.artefact import models_directory
    from classifier.codebook import load_codebook
    from training.corrections import load_corrections
    from training.data import DATA, LabelledPassage, load_strategies, read_jsonl
    from training.doubts import find_codebooks
    from training.doubts import outdated as find

    current = load_codebook(codebook or DATA / "codebook.toml")
    known = find_codebooks(models_directory(), DATA / "codebook.toml", *sorted(DATA.glob("snapshots/*/codebook.toml")))
    # Read as they are: labels that the new codebook does not have are just what is looked for.
    passages = [
        p for path in sorted((DATA / "passages").glob("*.jsonl")) for p in read_jsonl(path, LabelledPassage.model_validate_json)
    ]  # fmt: skip
    found = list(find(passages, load_strategies(), load_corrections(), current, known))
    for row in found:
        typer.echo(f"{row.what}   codebook {row.version}   {', '.join(row.changed)}")
    typer.echo(f"{len(found)} to label anew under codebook {current.version}")
    raise typer.Exit(1 if found else 0)


def datasheet() -> None:
    """Count the labelled data anew and write the figures into its datasheet."""
    require_extra()
    from classifier.codebook import load_codebook
    from training.data import DATA
    from training.datasheet import write_counts

    typer.echo(str(write_counts(load_codebook(DATA / "codebook.toml"))))


def register() -> None:
    """Add them to the command line."""
    for name, command in (
        ("check", check),
        ("import", import_),
        ("agreement", agreement),
        ("doubts", doubts),
        ("outdated", outdated),
        ("datasheet", datasheet),
    ):
        commands.command(name)(command)
