"""The commands that training adds to the command line. Nothing heavy is imported before one of them runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classifier.commands import ModelsOption
from classifier.commands import models as models_commands
from training.label_commands import register as register_labels
from training.label_commands import require_extra


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
    require_extra()
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
    require_extra()
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
    require_extra()
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
    require_extra()
    from training.measure import evaluate_documents, evaluate_passages

    if passages is not None:
        evaluate_passages(passages, model, baselines=baselines, output=output, into_card=into_card)
    else:
        evaluate_documents(documents, folder, model, output=output)


def register(app: typer.Typer) -> None:
    """Add the training commands to the command line."""
    app.command()(train)
    app.command()(refit)
    app.command()(evaluate)
    models_commands.command("compare")(compare)
    register_labels()
