"""`prevention spend`: what a council's budget spends on prevention, line by line, with people's corrections kept."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.errors import ConfigurationError

if TYPE_CHECKING:
    from classifier.spend.plain import SpendReport


class SpendFormat(StrEnum):
    """How a classified budget is written."""

    text = "text"
    csv = "csv"
    xlsx = "xlsx"
    json = "json"


def spend(
    file: Annotated[
        Path,
        typer.Argument(
            help="The budget, .csv or .xlsx: a row per line with description, amount and, if known, service."
        ),
    ],
    description: Annotated[str | None, typer.Option(help="Name of the column that says what is paid for.")] = None,
    amount: Annotated[str | None, typer.Option(help="Name of the column of amounts.")] = None,
    service: Annotated[str | None, typer.Option(help="Name of the column of services or departments.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of an Excel file; by default the first.")] = None,
    corrections: Annotated[
        Path | None, typer.Option(help="File of corrections; by default FILE.corrections.csv beside the budget.")
    ] = None,
    correct: Annotated[
        list[str] | None,
        typer.Option(help="Correct a line and keep that: ROW=CATEGORY, as 12=tertiary. May be repeated."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who corrects.")] = None,
    why: Annotated[str, typer.Option(help="Why.")] = "",
    output_format: Annotated[SpendFormat, typer.Option("--format", help="How to write the result.")] = SpendFormat.text,
    output: Annotated[Path | None, typer.Option(help="Write into this file instead of standard output.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Model folder; by default the one in use.", envvar="PREVENTION_MODEL")
    ] = None,
) -> None:
    """Tell a budget's lines apart: primary, secondary and tertiary prevention, and what only reacts; with the reason, and sums.

    Exit status: 0, 1 when a row could not be counted, 2 when the call itself is wrong.
    """
    from classifier.artefact import load_artefact
    from classifier.spend.classification import classify
    from classifier.spend.corrections import append_corrections, asked, load_corrections, newest
    from classifier.spend.lines import read_budget
    from classifier.spend.plain import SpendReport

    if output_format is SpendFormat.xlsx and output is None:
        raise ConfigurationError("--format xlsx writes a file; name it with --output FILE")
    budget = read_budget(file, {"description": description, "amount": amount, "service": service}, sheet)
    kept = corrections or file.with_name(f"{file.stem}.corrections.csv")
    added = append_corrections(kept, asked(correct or [], budget.lines, by, why))
    standing = newest(load_corrections(kept))
    artefact = load_artefact(model)
    lines = classify(budget.lines, artefact, standing)
    notes = list(budget.notes)
    if added:
        notes.append(f"{added} corrections added to {kept}")
    if unused := len(standing.keys() - {line.key for line in budget.lines}):
        notes.append(f"{unused} corrections in {kept} are of lines that this budget has not; they stay there")
    _write(SpendReport(file.name, artefact.id, tuple(lines), budget.faults, tuple(notes)), output_format, output)
    for fault in budget.faults:
        typer.echo(f"prevention: {file.name}, {fault}", err=True)
    raise typer.Exit(1 if budget.faults else 0)


def _write(report: SpendReport, output_format: SpendFormat, output: Path | None) -> None:
    from classifier.spend import plain

    if output_format is SpendFormat.csv:
        content = plain.csv_text(report).encode()
    elif output_format is SpendFormat.json:
        content = plain.json_text(report).encode()
    elif output_format is SpendFormat.xlsx:
        content = plain.workbook_bytes(report)
    else:
        content = ("\n".join(plain.text_lines(report)) + "\n").encode()
    if output is None:
        typer.echo(content, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    scratch = output.with_name(f".{output.name}.scratch")
    scratch.write_bytes(content)
    scratch.replace(output)
    typer.echo(f"wrote {output}", err=True)
