"""What the command line does with many files: one at a time, each on its own, none stopping the others."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classifier.errors import ConfigurationError, LabelledDataError, PreventionError
from classifier.reading import SUFFIXES, Reading, read_document

# The rest is imported where it is used: a document's child process is at work before the parent has loaded it.
if TYPE_CHECKING:
    from classifier.artefact import Artefact
    from classifier.prediction import Prediction


@dataclass(frozen=True, slots=True)
class Scored:
    """A document's prediction beside the file it came from."""

    path: Path
    prediction: Prediction


def score_files(
    files: Sequence[Path],
    output_format: str,
    output: Path | None,
    *,
    annotated: bool,
    ocr: bool,
    model: Path | None,
) -> int:
    """Score files and write each result as soon as it is there; return the exit status."""
    paths = list(document_paths(files))
    if output is None and (output_format == "html" or annotated):
        raise ConfigurationError("--format html and --annotated-pdf write files; name their folder with --output DIR")
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    if output_format == "csv" and output is None:
        from classifier.report.plain import CSV_HEADER

        sys.stdout.write(CSV_HEADER)
    # A document's child process reads while the model loads, or while the document before it is scored.
    ahead: Reading | PreventionError | None = _open(paths[0], ocr)
    failed = 0
    try:
        from classifier.artefact import load_artefact
        from classifier.score import score_document

        loaded = load_artefact(model)
        with _bar(len(paths)) as advance:
            for index, path in enumerate(paths):
                reading, ahead = ahead, _open(paths[index + 1], ocr) if index + 1 < len(paths) else None
                try:
                    if isinstance(reading, PreventionError):
                        raise reading
                    assert reading is not None
                    prediction = score_document(reading.document(), loaded)
                    _write(Scored(path, prediction), output_format, output, annotated=annotated)
                except PreventionError as error:
                    failed += 1
                    Console(stderr=True, soft_wrap=True, highlight=False, markup=False).print(f"prevention: {error}")
                advance(path.name)
    finally:
        if isinstance(ahead, Reading):
            ahead.close()
    return 1 if failed else 0


def _open(path: Path, ocr: bool) -> Reading | PreventionError:
    try:
        return Reading(path, ocr=ocr)
    except PreventionError as error:
        return error


def document_paths(files: Sequence[Path]) -> Iterator[Path]:
    """Yield files; a folder stands for the documents in it."""
    for path in files:
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not inside:
                raise ConfigurationError(
                    f"{path}: no document in this folder; it holds none of {', '.join(sorted(SUFFIXES))}"
                )
            yield from inside
        else:
            yield path


@contextmanager
def _bar(total: int) -> Iterator[Any]:
    """Show a bar on standard error for more than one file, where a person is watching."""
    console = Console(stderr=True)
    if total < 2 or not console.is_terminal:
        yield lambda _name: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # By default rich sends standard output to the bar's console, even where it is a file.
    with Progress(*columns, console=console, redirect_stdout=sys.stdout.isatty()) as progress:
        task = progress.add_task("scoring", total=total)
        yield lambda name: progress.update(task, advance=1, description=name[:40])


def _write(scored: Scored, output_format: str, output: Path | None, *, annotated: bool) -> None:
    from classifier.report.plain import CSV_HEADER, csv_row, text_report

    prediction = scored.prediction
    if output_format == "html":
        from classifier.report.page import html_report

        content = html_report(prediction, scored.path)
    elif output_format == "json":
        content = json.dumps(prediction.model_dump(mode="json"), ensure_ascii=False) + "\n"
    elif output_format == "csv":
        content = (CSV_HEADER if output is not None else "") + csv_row(prediction)
    else:
        content = text_report(prediction)
    if output is None:
        sys.stdout.write(content)
        sys.stdout.flush()
    else:
        suffix = {"text": "txt"}.get(output_format, output_format)
        _write_file(output / f"{_stem(scored)}.{suffix}", content.encode("utf-8"))
    if annotated and output is not None and prediction.document.format == "pdf":
        from classifier.report.annotated import annotated_pdf

        _write_file(output / f"{_stem(scored)}.annotated.pdf", annotated_pdf(prediction, scored.path))


def _stem(scored: Scored) -> str:
    """Name a result after its file, and after its bytes, so that two files of one name do not overwrite each other."""
    return f"{scored.path.stem}-{scored.prediction.document.digest[:8]}"


def _write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(path)
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"wrote {path}")


class AskedPassage(BaseModel):
    """One line of `prevention passages`: extra fields are left unread."""

    model_config = ConfigDict(extra="ignore")

    id: str | int
    text: str = Field(min_length=1)
    heading: str | None = None


def label_passages(path: Path, model: Path | None) -> None:
    """Print id, probabilities and labels of every passage of a file, in its order."""
    from classifier.artefact import load_artefact

    asked = read_asked(path)
    artefact = load_artefact(model)
    for row in passage_rows(asked, artefact):
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def passage_rows(asked: Sequence[AskedPassage], artefact: Artefact) -> Iterator[dict[str, Any]]:
    """Yield the answer to each passage: id, probabilities by label, and the labels whose threshold they reach."""
    if not asked:
        return
    from classifier.encoder import Text

    heads = artefact.heads
    table = heads.scaling.probabilities(artefact.passages.logits([Text(p.text, p.heading or "") for p in asked]))
    for passage, row in zip(asked, table.tolist(), strict=True):
        probabilities = {label: round(p, 6) for label, p in zip(heads.labels, row, strict=True)}
        labels = [label for label, p, t in zip(heads.labels, row, heads.scaling.thresholds, strict=True) if p >= t]
        yield {"id": passage.id, "probabilities": probabilities, "labels": labels}


def read_asked(path: Path) -> list[AskedPassage]:
    """Read passages, one JSON object per line; raise with the line and the fault."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise LabelledDataError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise LabelledDataError(
            f"{path}: not UTF-8 ({error.reason} at byte {error.start}); save it anew as UTF-8"
        ) from error
    rows: list[AskedPassage] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(AskedPassage.model_validate_json(line))
            except ValidationError as error:
                first = error.errors()[0]
                raise LabelledDataError(
                    f"{path}, line {number}: {'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}; mend the line"
                ) from error
    return rows


def print_reading(path: Path, *, ocr: bool) -> None:
    """Print a document as it was read."""
    from classifier.passages import find_passages

    document = read_document(path, ocr=ocr)
    pages = [
        {"number": p.number, "state": p.state, "width": p.width, "height": p.height, "text": p.text}
        for p in document.pages
    ]
    found = [
        {
            "id": p.id,
            "page": p.page,
            "start": p.start,
            "end": p.end,
            "role": p.role,
            "headings": list(p.headings),
            "text": p.text,
        }
        for p in find_passages(document)
    ]
    body = {
        "digest": document.digest,
        "file": document.name,
        "format": document.format,
        "pages": pages,
        "passages": found,
    }
    sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")
