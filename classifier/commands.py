"""The command line: `prevention score`, `prevention passages`, `prevention read`, and what other packages add.

Everything heavy is imported inside the commands: `prevention --help` loads neither a runtime nor a PDF library.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from classifier import __version__
from classifier.comparison.command import compare
from classifier.errors import PreventionError
from classifier.families.command import families
from classifier.spend.command import spend
from classifier.tables.command import report

app = typer.Typer(
    name="prevention",
    help="Score English health and wellbeing strategies for prevention strength and tier coverage, with evidence on the page.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ModelOption = Annotated[
    Path | None,
    typer.Option(
        "--model",
        help="Model folder; by default the one that models/CURRENT names.",
        envvar="PREVENTION_MODEL",
    ),
]


class Output(StrEnum):
    """How a prediction is written."""

    text = "text"
    json = "json"
    csv = "csv"
    html = "html"


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def score(
    files: Annotated[
        list[Path],
        typer.Argument(help="PDF, DOCX, HTML, Markdown or text files; a folder stands for the files in it."),
    ],
    output_format: Annotated[Output, typer.Option("--format", help="How to write each prediction.")] = Output.text,
    output: Annotated[
        Path | None,
        typer.Option(help="Write one file per document into this folder, instead of standard output."),
    ] = None,
    annotated_pdf: Annotated[
        bool, typer.Option("--annotated-pdf", help="Also write each PDF with its evidence highlighted.")
    ] = False,
    ocr: Annotated[
        bool, typer.Option("--ocr/--no-ocr", help="Read scanned pages by tesseract, where it is installed.")
    ] = True,
    model: ModelOption = None,
) -> None:
    """Score strategies: strength, tiers and criteria, each with its evidence.

    Exit status: 0 when every file was scored, 1 when one or more could not be read, 2 when the call itself is wrong.
    """
    from classifier.batch import score_files

    raise typer.Exit(score_files(files, output_format.value, output, annotated=annotated_pdf, ocr=ocr, model=model))


@app.command()
def passages(
    input_file: Annotated[
        Path, typer.Option("--input", help='One JSON object per line: "id", "text" and, if known, "heading".')
    ],
    model: ModelOption = None,
) -> None:
    """Label passages: one JSON object per line with id, probabilities and labels."""
    from classifier.batch import label_passages

    label_passages(input_file, model)


@app.command()
def read(
    file: Annotated[Path, typer.Argument(help="A document.")],
    ocr: Annotated[
        bool, typer.Option("--ocr/--no-ocr", help="Read scanned pages by tesseract, where it is installed.")
    ] = True,
) -> None:
    """Print what was read from a document as JSON: each page's text, to which all offsets refer, and its passages."""
    from classifier.batch import print_reading

    print_reading(file, ocr=ocr)


app.command()(report)
app.command()(compare)
app.command()(spend)
app.command()(families)


models = typer.Typer(help="See the models there are, and put another into use.", no_args_is_help=True)
# What `labels` does comes from other packages; it is made here, so that several may add to it.
labels = typer.Typer(help="Look after the labelled data.", no_args_is_help=True)
ModelsOption = Annotated[Path | None, typer.Option("--models", help="Folder of models.", envvar="PREVENTION_MODELS")]


@models.command("list")
def list_(
    folder: ModelsOption = None,
    past: Annotated[bool, typer.Option("--history", help="Show every change, too.")] = False,
) -> None:
    """List the models at hand, which is in use, and what the gate said of each."""
    from classifier.registry import history, list_models

    for model in list_models(folder):
        gate = model.gate
        said = "not compared" if gate is None else "promoted" if gate.verdict.promoted else "refused"
        mark = "*" if model.in_use else " "
        reasons = "" if gate is None else f"   against {gate.against or 'none'}: {'; '.join(gate.verdict.reasons)}"
        typer.echo(f"{mark} {model.id}   codebook {model.codebook_version}   {said}{reasons}")
    for change in history(folder) if past else []:
        typer.echo(
            f"{change.at:%Y-%m-%d %H:%M}   {change.before or 'none'} → {change.model}   {change.why} ({change.by})"
        )


@models.command("promote")
def promote_(
    model: Annotated[str, typer.Argument(help="Its id, as `models list` names it.")],
    folder: ModelsOption = None,
    anyway: Annotated[bool, typer.Option("--anyway", help="Even where the gate has not let it through.")] = False,
    why: Annotated[str, typer.Option(help="Kept in the history.")] = "promoted",
) -> None:
    """Put a model into use that the gate has let through; a service that runs takes it up by itself."""
    from classifier.registry import promote

    change = promote(model, by="command line", why=why, anyway=anyway, directory=folder)
    typer.echo(f"{change.model} is in use, after {change.before or 'none'}")


@models.command("rollback")
def rollback_(
    folder: ModelsOption = None, why: Annotated[str, typer.Option(help="Kept in the history.")] = "rolled back"
) -> None:
    """Put back into use the model that was there before."""
    from classifier.registry import rollback

    change = rollback(by="command line", why=why, directory=folder)
    typer.echo(f"{change.model} is in use, after {change.before}")


def _add_commands() -> None:
    """Let installed packages add their commands; one whose own packages are missing still says what to install."""
    app.add_typer(models, name="models")
    app.add_typer(labels, name="labels")
    for point in entry_points(group="prevention.commands"):
        point.load()(app)


def main() -> None:
    """Run the command line; an error of ours is one line on standard error and exit status 2."""
    _add_commands()
    try:
        app()
    except PreventionError as error:
        typer.echo(f"prevention: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output has left; nobody is there to be told.
        sys.stderr.close()
        sys.exit(0)
