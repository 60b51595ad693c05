"""`prevention families`: which of many documents are copies, drafts, refreshes or joint strategies of each other."""

from __future__ import annotations

import csv
import io
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from classifier.errors import PreventionError

if TYPE_CHECKING:
    from classifier.families.kinship import Candidate
    from classifier.tables.rows import LabelledRow

COLUMNS = ("file", "family", "counts", "relation", "of", "resemblance", "contained")


def families(
    files: Annotated[list[Path], typer.Argument(help="Documents; a folder stands for the documents in it.")],
    labels: Annotated[
        Path | None,
        typer.Option(help="Labels file that names authority and year by file; without it only copies are told."),
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write into this file instead of standard output.")] = None,
) -> None:
    """Find families of documents: a CSV row per document, with its family and how it is related to the one that counts.

    The column `family`, put into a labels file, makes `prevention report` count each family once. Exit status: 1 where a file could not be read.
    """
    from classifier.batch import document_paths
    from classifier.families.kinship import families as found_in

    known = _known(labels) if labels is not None else {}
    candidates: list[Candidate] = []
    failed = 0
    for path in document_paths(files):
        try:
            candidates.append(_candidate(path, known.get(path.name)))
        except PreventionError as error:
            failed += 1
            typer.echo(f"prevention: {error}", err=True)
    found = {member: family for family in found_in(candidates) for member in family.members}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for candidate in candidates:
        family = found.get(candidate.id)
        if family is None:
            writer.writerow((candidate.id, "", "yes", "", "", "", ""))
            continue
        links = [link for link in family.links if link.younger == candidate.id]
        link = max(links, key=lambda one: one.likeness.resemblance, default=None)
        related = (
            (link.relation, link.elder, round(link.likeness.resemblance, 2), round(link.likeness.contained, 2))
            if link
            else ("",) * 4
        )
        writer.writerow((candidate.id, family.counts, "yes" if family.counts == candidate.id else "no", *related))
    if output is None:
        sys.stdout.write(buffer.getvalue())
    else:
        output.write_text(buffer.getvalue(), encoding="utf-8")
    raise typer.Exit(1 if failed else 0)


def _known(labels: Path) -> dict[str, LabelledRow]:
    from classifier.artefact import CODEBOOK, current_model
    from classifier.codebook import load_codebook
    from classifier.tables.labels import read_labels

    rows = read_labels(labels, load_codebook(current_model() / CODEBOOK)).rows
    return {Path(row.document).name: row for row in rows}


def _candidate(path: Path, row: LabelledRow | None) -> Candidate:
    from classifier.families.kinship import Candidate
    from classifier.families.sketch import sketch
    from classifier.reading import read_document
    from classifier.tables.rows import authority_key

    document = read_document(path)
    text = "\n".join(page.text for page in document.pages)
    named = re.split(r",|;|/|&|\band\b", row.authority) if row is not None else []
    whole = [row.authority] if row is not None else []
    authorities = frozenset(key for name in (*whole, *named) if (key := authority_key(name)))
    return Candidate(
        str(path), document.digest, sketch(text), path.name, authorities, row.year if row is not None else None
    )
