"""The commands that training adds to the command line. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classifier.commands import ModelsOption
from classifier.commands import labels as labels_commands
from classifier.commands import models as models_commands
from classifier.errors import MissingExtraError


def _require_extra() -> None:
    """Refuse with the pip command where the training packages are missing."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("torch", "sentence_transformers", "datasets", "sklearn", "onnx")):
        raise MissingExtraError("training and evaluation", "train")


def train(
    config: Annotated[Path, typer.Argument(help="The run as a TOML file; training/release.toml makes releases.")],
    models: Annotated[Path | None, typer.Option(help="Folder to write the model folder into.")] = None,
    use: Annotated[
        bool, typer.Option("--use/--no-use", help="Put the new model into use where the gate lets it through.")
    ] = True,
    data: Annotated[Path | None, typer.Option(help="Folder of labelled data; by default labelled_data/.")] = None,
) -> None:
    """Train a model from a snapshot of labelled_data/, and compare it with the one in use.

    Exit status: 0 where it was promoted, or was not to be; 1 where the gate refused it.
    """
    _require_extra()
    from classifier.artefact import models_directory
    from training.config import load_config
    from training.data import DATA
    from training.gate import pass_gate
    from training.run import train as run
    from training.snapshots import take_snapshot

    settings, folder = load_config(config), models or models_directory()
    snapshot = take_snapshot(data or DATA)
    trained = run(settings, _tell, data=snapshot, models=folder)
    report = pass_gate(trained.folder, data=snapshot, tell=_tell)
    if use and report.verdict.promoted:
        _put_into_use(trained.folder, "trained, and let through by the gate")
    typer.echo(str(trained.folder))
    if use and not report.verdict.promoted:
        raise typer.Exit(1)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _put_into_use(folder: Path, why: str) -> None:
    from classifier.registry import named_current, promote

    # The same data and choices make the same model: nothing is to be changed then.
    if named_current(folder.parent) != folder.name:
        promote(folder.name, by="command line", why=why, anyway=True, directory=folder.parent)


def compare(
    model: Annotated[str, typer.Argument(help="Its id, as `models list` names it.")],
    against: Annotated[str | None, typer.Option(help="The other; by default the one in use.")] = None,
    folder: ModelsOption = None,
    data: Annotated[Path | None, typer.Option(help="Folder of labelled data; by default labelled_data/.")] = None,
) -> None:
    """Compare a model with the one in use on what two people have read, and write the gate's report into its folder.

    Exit status: 0 where the gate lets it through, 1 where it refuses.
    """
    _require_extra()
    from classifier.artefact import models_directory
    from training.data import DATA
    from training.gate import pass_gate

    directory = folder or models_directory()
    other = directory / against if against is not None else None
    report = pass_gate(directory / model, against=other, data=data or DATA, tell=_tell)
    if not report.verdict.promoted:
        raise typer.Exit(1)


def refit(
    model: Annotated[Path | None, typer.Argument(help="Model folder; by default the one in use.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="Labels given by hand, as `labels import` writes them, instead of the project's own."),
    ] = None,
    documents: Annotated[Path | None, typer.Option(help="Folder of the documents that --labels names.")] = None,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Fit probabilities and thresholds of passages anew, too.")
    ] = False,
    use: Annotated[bool, typer.Option("--use/--no-use", help="Make the new model the one in use.")] = True,
) -> None:
    """Fit strength and tiers anew from whole labelled documents; the passage model stays."""
    _require_extra()
    from classifier.artefact import current_model
    from training.run import hand_labelled
    from training.run import refit as run

    folder = model or current_model()
    chosen = hand_labelled(labels, documents or labels.parent) if labels is not None else None
    trained = run(folder, _tell, models=folder.parent, documents=chosen, calibrate=calibrate)
    if use:
        _put_into_use(trained.folder, "refitted")
    typer.echo(str(trained.folder))


def evaluate(
    passages: Annotated[
        Path | None,
        typer.Option(help="Gold passages, one JSON object per line: id, text, labels and, if known, heading."),
    ] = None,
    documents: Annotated[
        Path | None,
        typer.Option(help="Gold labels of whole documents, one JSON object per line, as `labels import` writes them."),
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder of those documents; by default the labels' own.")] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Model folder; by default the one in use.", envvar="PREVENTION_MODEL"),
    ] = None,
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines/--no-baselines",
            help="Train two plain methods on the same passages and show them beside.",
        ),
    ] = True,
    output: Annotated[Path | None, typer.Option(help="Write the figures as JSON into this file too.")] = None,
    into_card: Annotated[
        bool,
        typer.Option("--into-card", help="Open the model's card with the figures on passages; for real ones."),
    ] = False,
) -> None:
    """Measure the model on labelled passages or documents; with neither, on the project's own strategies, each left out of the fit in turn."""
    _require_extra()
    from training.measure import evaluate_documents, evaluate_passages

    if passages is not None:
        evaluate_passages(passages, model, baselines=baselines, output=output, into_card=into_card)
    else:
        evaluate_documents(documents, folder, model, output=output)


def check(
    against: Annotated[
        list[Path] | None, typer.Option(help="Texts that no passage may share a run of eight words with.")
    ] = None,
) -> None:
    """Check the labelled data: near-duplicates, templates, worn openings, words that give a label away."""
    _require_extra()
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
    _require_extra()
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
    _require_extra()
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
    _require_extra()
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
    _require_extra()
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
    _require_extra()
    from classifier.codebook import load_codebook
    from training.data import DATA
    from training.datasheet import write_counts

    typer.echo(str(write_counts(load_codebook(DATA / "codebook.toml"))))


def register(app: typer.Typer) -> None:
    """Add the training commands to the command line."""
    app.command()(train)
    app.command()(refit)
    app.command()(evaluate)
    labels_commands.command("check")(check)
    labels_commands.command("import")(import_)
    labels_commands.command("agreement")(agreement)
    labels_commands.command("doubts")(doubts)
    labels_commands.command("outdated")(outdated)
    labels_commands.command("datasheet")(datasheet)
    models_commands.command("compare")(compare)
