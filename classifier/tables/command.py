"""`prevention report`: the year's tables from labels, from predictions, or from both."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.errors import ConfigurationError

if TYPE_CHECKING:
    from classifier.codebook import Codebook
    from classifier.tables.correction import Evaluation
    from classifier.tables.rows import LabelledRow
    from classifier.tables.year import YearReport


class Format(StrEnum):
    """How the tables are written."""

    text = "text"
    html = "html"
    xlsx = "xlsx"
    csv = "csv"
    json = "json"


Option = typer.Option


def report(
    labels: Annotated[
        Path | None,
        Option(
            help="Labels people gave: .csv or .xlsx with the codebook's keys as columns, or labels.jsonl of `labels import`."
        ),
    ] = None,
    predictions: Annotated[
        Path | None, Option(help="Predictions as `score --format json` writes them: a file of lines, or a folder.")
    ] = None,
    before: Annotated[Path | None, Option(help="The same labels of the year before.")] = None,
    predictions_before: Annotated[Path | None, Option(help="Predictions of the year before.")] = None,
    year: Annotated[int | None, Option(help="Count the rows of this year only.")] = None,
    year_before: Annotated[
        int | None,
        Option(help="Take the rows of this year for the year before; from --labels where --before is not given."),
    ] = None,
    evaluation: Annotated[
        Path | None,
        Option(
            help="How often the model errs, as `evaluate --output` writes it; by default what lies in the model's folder."
        ),
    ] = None,
    printed: Annotated[
        Path | None,
        Option(help="Figures as a report prints them (TOML), to be told where they are not what is computed."),
    ] = None,
    output_format: Annotated[Format, Option("--format", help="How to write the tables.")] = Format.text,
    output: Annotated[Path | None, Option(help="Write into this file instead of standard output.")] = None,
    charts: Annotated[Path | None, Option(help="Also write every chart as SVG into this folder.")] = None,
) -> None:
    """Print the year's tables: distributions, crossings, regions, changes since the year before, with every document behind a number.

    Exit status: 0, 1 when a cell or a line could not be understood and was left out, 2 when the call itself is wrong.
    """
    from classifier.tables.printed import PRINTED, load_printed
    from classifier.tables.year import year_report

    if labels is None and predictions is None:
        raise ConfigurationError("nothing to count; name --labels FILE, --predictions PATH, or both")
    if output_format is Format.xlsx and output is None:
        raise ConfigurationError("--format xlsx writes a file; name it with --output FILE")
    codebook = _codebook()
    now, faults, notes = _rows(labels, predictions, year, codebook)
    old: list[LabelledRow] = []
    if before is not None or predictions_before is not None or year_before is not None:
        source = before if before is not None or predictions_before is not None else labels
        old, more, told = _rows(source, predictions_before, year_before, codebook)
        faults, notes = faults + more, notes + told
    measured, told = _evaluation(evaluation, now)
    made = year_report(
        now,
        codebook,
        before=old,
        evaluation=measured,
        printed=load_printed(printed or PRINTED),
        notes=[*faults, *notes, *told],
    )
    _write(made, output_format, output)
    if charts is not None:
        _write_charts(made, charts)
    for fault in faults:
        typer.echo(f"prevention: {fault}", err=True)
    raise typer.Exit(1 if faults else 0)


def _codebook() -> Codebook:
    from classifier.artefact import CODEBOOK, current_model
    from classifier.codebook import load_codebook

    return load_codebook(current_model() / CODEBOOK)


def _rows(
    labels: Path | None, predictions: Path | None, year: int | None, codebook: Codebook
) -> tuple[list[LabelledRow], list[str], list[str]]:
    """Return rows, faults and notes of one year."""
    from classifier.tables.labels import Labels, chosen_year, read_labels
    from classifier.tables.proposals import joined, read_predictions

    given = read_labels(labels, codebook) if labels is not None else Labels([], [], [])
    said, more = read_predictions(predictions) if predictions is not None else ([], [])
    rows, notes = joined(given.rows, said)
    return chosen_year(rows, year), given.faults + more, given.notes + notes


def _evaluation(path: Path | None, rows: list[LabelledRow]) -> tuple[Evaluation | None, list[str]]:
    """Return the model's error as it was measured: the file named, else that of the one model whose proposals are counted."""
    from classifier.artefact import MODELS_DIRECTORY, current_model
    from classifier.tables.correction import load_evaluation

    if path is not None:
        return load_evaluation(path), []
    models = sorted({row.model for row in rows if row.model})
    folders = [
        folder for folder in (current_model(), *(MODELS_DIRECTORY / model for model in models)) if folder.name in models
    ]
    if not any(row.proposed for row in rows):
        return None, []
    if len(models) == 1 and folders and (folders[0] / "metrics.json").is_file():
        return load_evaluation(folders[0] / "metrics.json"), []
    which = f"of {', '.join(models)}" if models else "of a model that is not named"
    return None, [
        f"The error {which} is not known here, so the model's figures are raw; name it with --evaluation FILE"
    ]


def _write(made: YearReport, output_format: Format, output: Path | None) -> None:
    from classifier.tables import plain

    if output_format is Format.html:
        from classifier.tables.page import html_page

        content = html_page(made).encode()
    elif output_format is Format.xlsx:
        from classifier.tables.workbook import workbook_bytes

        content = workbook_bytes(made)
    elif output_format is Format.csv:
        content = plain.csv_text(plain.COLUMNS, plain.figure_rows(made)).encode()
    elif output_format is Format.json:
        content = plain.json_text(made).encode()
    else:
        content = ("\n".join(plain.text_lines(made)) + "\n").encode()
    if output is None:
        typer.echo(content, nl=False)
        return
    _write_file(output, content)
    if output_format is Format.csv:
        columns, rows = plain.document_rows(made)
        _write_file(output.with_suffix(".documents.csv"), plain.csv_text(columns, rows).encode())


def _write_charts(made: YearReport, folder: Path) -> None:
    from classifier.tables.charts import charts_of

    for name, svg in charts_of(made):
        _write_file(folder / f"{name}.svg", svg.encode())


def _write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.scratch")
    scratch.write_bytes(content)
    scratch.replace(path)
    typer.echo(f"wrote {path}", err=True)
