"""A corpus release: one folder that says what was scored, with what, how, and who confirmed it. Frozen, and named by what it holds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.corpus.comparison import confirmed_strengths
from api.corpus.croissant import DESCRIPTION, describe
from api.corpus.planning import RunNotFoundError, RunStateError
from api.store.tables import Annotation, CorpusItem, CorpusRun, StoredDocument, StoredPrediction
from classifier.artefact import CODEBOOK, MANIFEST, check_files
from classifier.errors import ConfigurationError

RELEASE = "release.json"
DOCUMENTS, LABELS = "documents.csv", "labels.csv"
RESULTS, PREDICTIONS, ANNOTATIONS = "results.jsonl", "predictions.jsonl", "annotations.jsonl"
MODEL = "model-manifest.json"
DOCUMENT_COLUMNS = ("digest", "name", "format", "size", "pages", "authority", "authority_code", "kind", "year", "year_end", "source_url")  # fmt: skip
LABEL_COLUMNS = ("digest", "authority", "kind", "year", "model_strength", "confirmed_strength", "confirmed_by", "confirmed_at")  # fmt: skip
_AT_A_TIME = 200


@dataclass(frozen=True, slots=True)
class Release:
    """A release that was written: its id, and how many documents and people's labels it holds."""

    id: str
    documents: int
    annotations: int


def release_corpus(session: Session, run_id: str, target: Path) -> Release:
    """Write a finished run with everything that belongs to it into a new folder; the folder is there whole or not at all.

    The same run and the same labels give the same bytes, and so the same id.
    """
    run = _finished(session, run_id)
    if target.exists():
        raise ConfigurationError(f"{target}: exists already, and a release is never written over; choose another name")
    if not target.absolute().parent.is_dir():
        raise ConfigurationError(f"{target}: its folder does not exist; make it, or choose another")
    scratch = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    scratch.mkdir(mode=0o700)
    try:
        documents = _write_documents(session, run, scratch)
        annotations = _write_lines(scratch / ANNOTATIONS, _annotations(session, run))
        _write_model(run, scratch)
        digests = _digests(scratch)
        release_id = name_of(digests)
        about = {
            "id": release_id, "run": run.id, "model": run.model_id, "codebook_version": run.codebook_version,
            "extraction": run.extraction, "chosen_by": json.loads(run.only), "documents": documents, "annotations": annotations,
            "scored": _moment(run), "files": digests,
        }  # fmt: skip
        (scratch / RELEASE).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        description = describe(about, hashlib.sha256((scratch / RELEASE).read_bytes()).hexdigest())
        (scratch / DESCRIPTION).write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
        for path in scratch.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        scratch.rename(target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return Release(release_id, documents, annotations)


def name_of(digests: dict[str, str]) -> str:
    """Return a release's id: it follows from the digests of its files."""
    whole = hashlib.sha256(json.dumps(sorted(digests.items())).encode()).hexdigest()
    return f"release-{whole[:16]}"


def _finished(session: Session, run_id: str) -> CorpusRun:
    run = session.get(CorpusRun, run_id)
    if run is None:
        raise RunNotFoundError(f"{run_id}: no run has this id; list them with `prevention corpus runs`")
    if run.status != "finished":
        raise RunStateError(f"{run_id}: is {run.status}; only a finished run is released: `prevention corpus resume {run_id}`")  # fmt: skip
    return run


def _moment(run: CorpusRun) -> str:
    assert run.finished is not None
    return run.finished.isoformat(timespec="seconds")


def _write_documents(session: Session, run: CorpusRun, folder: Path) -> int:
    """Write documents, labels, results and predictions, a few in memory at a time; return how many documents."""
    confirmed = confirmed_strengths(session)
    count = 0
    with (
        (folder / DOCUMENTS).open("w", encoding="utf-8", newline="") as documents,
        (folder / LABELS).open("w", encoding="utf-8", newline="") as labels,
        (folder / RESULTS).open("w", encoding="utf-8") as results,
        (folder / PREDICTIONS).open("w", encoding="utf-8") as predictions,
    ):
        documents.write(_csv_line(DOCUMENT_COLUMNS))
        labels.write(_csv_line(LABEL_COLUMNS))
        for document, item, body in _scored(session, run):
            count += 1
            documents.write(_csv_line([getattr(document, column) for column in DOCUMENT_COLUMNS]))
            label = confirmed.get(document.id)
            told = (label.strength, label.annotator, label.created) if label is not None else (None, None, None)
            labels.write(_csv_line([document.digest, document.authority, document.kind, document.year, item.strength, *told]))  # fmt: skip
            results.write(_json_line(_result(document, item)))
            if body is not None:
                predictions.write(_json_line(json.loads(body)))
    return count


def _scored(session: Session, run: CorpusRun) -> Iterator[tuple[StoredDocument, CorpusItem, str | None]]:
    """Yield a run's documents by digest: an id differs from store to store."""
    made = (StoredPrediction.document_id == StoredDocument.id) & (StoredPrediction.model_id == run.model_id)
    query = (
        select(StoredDocument, CorpusItem, StoredPrediction.body)
        .join(CorpusItem, CorpusItem.document_id == StoredDocument.id)
        .outerjoin(StoredPrediction, made)
        .where(CorpusItem.run_id == run.id)
        .order_by(StoredDocument.digest)
        .limit(_AT_A_TIME)
    )
    last = ""
    while rows := session.execute(query.where(StoredDocument.digest > last)).tuples().all():
        yield from rows
        last = rows[-1][0].digest


def _result(document: StoredDocument, item: CorpusItem) -> dict[str, Any]:
    return {
        "digest": document.digest, "status": item.status, "strength": item.strength, "prediction_digest": item.prediction_digest,
        "outcome": json.loads(item.outcome) if item.outcome is not None else None, "error_code": item.error_code,
        "error": item.error,
    }  # fmt: skip


def _annotations(session: Session, run: CorpusRun) -> Iterator[dict[str, Any]]:
    """Yield everything that people said of the run's documents, in the order in which they said it."""
    query = (
        select(Annotation, StoredDocument.digest)
        .join(StoredDocument, StoredDocument.id == Annotation.document_id)
        .join(CorpusItem, CorpusItem.document_id == Annotation.document_id)
        .where(CorpusItem.run_id == run.id)
        .order_by(Annotation.id)
    )
    for row, digest in session.execute(query).tuples():
        yield {
            "digest": digest, "passage": row.passage_id, "labels": json.loads(row.labels), "note": row.note,
            "annotator": row.annotator, "source": row.source, "source_id": row.source_id,
            "codebook_version": row.codebook_version, "model": row.model_id, "changed": row.changed,
            "created": row.created.isoformat(),
        }  # fmt: skip


def _write_lines(path: Path, rows: Iterator[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(_json_line(row))
            count += 1
    return count


def _write_model(run: CorpusRun, folder: Path) -> None:
    """Copy the model's manifest, with its digests, and the codebook; the model itself is released on its own."""
    model = Path(run.model_folder)
    if check_files(model).id != run.model_id:
        raise ConfigurationError(f"{model}: holds another model than {run.model_id}; put that one back to release the run")  # fmt: skip
    (folder / MODEL).write_bytes((model / MANIFEST).read_bytes())
    (folder / CODEBOOK).write_bytes((model / CODEBOOK).read_bytes())


def _digests(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _csv_line(values: Sequence[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["" if value is None else value for value in values])
    return out.getvalue()


def _json_line(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"
