"""`prevention compare`: what flipped between two scorings, and why."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class ComparisonFormat(StrEnum):
    """How a comparison is written."""

    text = "text"
    csv = "csv"
    json = "json"


def compare(
    old: Annotated[Path, typer.Argument(help="Predictions of the run before: a file of lines, or a folder.")],
    new: Annotated[Path, typer.Argument(help="Predictions of the new run.")],
    labels: Annotated[
        Path | None,
        typer.Option(help="Labels people gave, by file or digest: they stay, and their documents want no review."),
    ] = None,
    output_format: Annotated[
        ComparisonFormat, typer.Option("--format", help="How to write the comparison.")
    ] = ComparisonFormat.text,
) -> None:
    """Compare two scorings of the same documents: transitions, every flip with the evidence that changed, jumps for a person.

    Exit status: 0, 1 when a line could not be read and was left out, 2 when the call itself is wrong.
    """
    from classifier.comparison import plain
    from classifier.comparison.flips import compare as compare_runs
    from classifier.comparison.runs import read_run

    before, after = read_run(old), read_run(new)
    found = compare_runs(before, after, _confirmed(labels) if labels is not None else None)
    written = {
        ComparisonFormat.text: lambda: "\n".join(plain.text_lines(found)) + "\n",
        ComparisonFormat.csv: lambda: plain.csv_text(found),
        ComparisonFormat.json: lambda: plain.json_text(found),
    }
    typer.echo(written[output_format](), nl=False)
    faults = (*before.faults, *after.faults)
    for fault in faults:
        typer.echo(f"prevention: {fault}", err=True)
    raise typer.Exit(1 if faults else 0)


def _confirmed(labels: Path) -> dict[str, str]:
    """Return people's strengths by digest and by file name."""
    from classifier.artefact import CODEBOOK, current_model
    from classifier.codebook import load_codebook
    from classifier.tables.labels import read_labels

    rows = read_labels(labels, load_codebook(current_model() / CODEBOOK)).rows
    told = [row for row in rows if "strength" in row.confirmed]
    names = {Path(row.document).name: row.confirmed["strength"] for row in told}
    return names | {row.digest: row.confirmed["strength"] for row in told if row.digest}
