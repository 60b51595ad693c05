"""A release brought into a store: every digest and every row is checked first, and then all of it is kept in one transaction."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.annotation import AnnotationError, Labels, document_labels, passage_labels
from api.corpus.croissant import DESCRIPTION
from api.corpus.release import ANNOTATIONS, DOCUMENT_COLUMNS, DOCUMENTS, PREDICTIONS, RELEASE, RESULTS, name_of
from api.store.annotations import Origin, append
from api.store.audit import record
from api.store.keys import Caller
from api.store.rows import insert_unless_there
from api.store.tables import CorpusItem, CorpusRun, CorpusShard, StoredDocument, StoredPrediction, new_id, now
from classifier.artefact import CODEBOOK
from classifier.codebook import Codebook, load_codebook
from classifier.errors import PreventionError
from classifier.prediction import Prediction


class ReleaseError(PreventionError):
    """A release is incomplete, altered, or holds what cannot be."""


class _About(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    run: str = Field(max_length=64)
    model: str = Field(max_length=200)
    codebook_version: str = Field(max_length=50)
    extraction: str = Field(max_length=20)
    chosen_by: dict[str, str]
    documents: int
    annotations: int
    scored: datetime
    files: dict[str, str]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a release brought: documents that were not here, and annotations that were not."""

    run_id: str
    documents: int
    new_documents: int
    new_annotations: int


def check_release(folder: Path) -> _About:
    """Return what a release says of itself once every file in it has the digest that it should have."""
    about = _about(folder)
    if name_of(about.files) != about.id:
        raise ReleaseError(f"{folder / RELEASE}: is named {about.id}, and its files make {name_of(about.files)}; fetch the release again")  # fmt: skip
    told = _described(folder)
    for name, digest in {**about.files, RELEASE: told.get(RELEASE, "")}.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ReleaseError(f"{path}: belongs to the release but is missing; fetch the release again")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest or told.get(name) != digest:
            raise ReleaseError(f"{path}: altered since the release (SHA-256 {found[:12]}…, not {digest[:12]}…); fetch the release again")  # fmt: skip
    for name in (DOCUMENTS, RESULTS, PREDICTIONS, ANNOTATIONS, CODEBOOK):
        if name not in about.files:
            raise ReleaseError(f"{folder / RELEASE}: does not list {name}; fetch the release again")
    return about


def import_release(session: Session, caller: Caller, folder: Path) -> Imported:
    """Bring a release in, in the caller's transaction. What is here already stays as it is; documents come without their files."""
    about = check_release(folder)
    codebook = load_codebook(folder / CODEBOOK)
    ids, new = _keep_documents(session, caller, folder)
    if not insert_unless_there(
        session, CorpusRun, id=about.run, model_id=about.model, codebook_version=about.codebook_version,
        extraction=about.extraction, model_folder="", only=json.dumps(about.chosen_by), status="finished",
        documents=about.documents, added_by=caller.id, created=now(), finished=about.scored,
    ):  # fmt: skip
        annotations = _keep_annotations(session, caller, folder, ids, codebook)
        return Imported(about.run, len(ids), new, annotations)
    session.add(CorpusShard(run_id=about.run, number=0, status="done", attempts=1, seconds=0.0))
    for number, row in enumerate(_lines(folder / RESULTS), 1):
        _keep_item(session, about, ids, row, f"{folder / RESULTS}, line {number}")
    for number, row in enumerate(_lines(folder / PREDICTIONS), 1):
        _keep_prediction(session, about, ids, row, f"{folder / PREDICTIONS}, line {number}")
    annotations = _keep_annotations(session, caller, folder, ids, codebook)
    record(session, caller, "release.imported", about.run, after={"release": about.id, "documents": len(ids)})
    return Imported(about.run, len(ids), new, annotations)


def _about(folder: Path) -> _About:
    try:
        return _About.model_validate_json((folder / RELEASE).read_bytes())
    except OSError as error:
        raise ReleaseError(f"{folder / RELEASE}: cannot be read ({error.strerror}); name the folder of a release") from error  # fmt: skip
    except ValidationError as error:
        first = error.errors()[0]
        raise ReleaseError(f"{folder / RELEASE}: {'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}; fetch the release again") from error  # fmt: skip


def _described(folder: Path) -> dict[str, str]:
    try:
        whole = json.loads((folder / DESCRIPTION).read_bytes())
        return {row["name"]: row["sha256"] for row in whole["distribution"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseError(f"{folder / DESCRIPTION}: is no description of a release ({type(error).__name__}); fetch the release again") from error  # fmt: skip


def _keep_documents(session: Session, caller: Caller, folder: Path) -> tuple[dict[str, str], int]:
    ids: dict[str, str] = {}
    new = 0
    with (folder / DOCUMENTS).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != DOCUMENT_COLUMNS:
            raise ReleaseError(f"{folder / DOCUMENTS}: its columns are not {', '.join(DOCUMENT_COLUMNS)}; fetch the release again")  # fmt: skip
        for row in reader:
            values: dict[str, Any] = {key: value if value != "" else None for key, value in row.items()}
            values |= {key: int(values[key]) for key in ("size", "pages", "year", "year_end") if values[key] is not None}  # fmt: skip
            new += insert_unless_there(
                session, StoredDocument, id=new_id("doc"), added_by=caller.id, created=now(), **values
            )
            ids[row["digest"]] = session.scalars(select(StoredDocument.id).filter_by(digest=row["digest"])).one()
    return ids, new


def _keep_item(session: Session, about: _About, ids: Mapping[str, str], row: dict[str, Any], place: str) -> None:
    if row["digest"] not in ids:
        raise ReleaseError(f"{place}: {row['digest'][:12]}… is no document of {DOCUMENTS}; fetch the release again")
    outcome = json.dumps(row["outcome"], ensure_ascii=False) if row["outcome"] is not None else None
    session.add(
        CorpusItem(
            run_id=about.run, document_id=ids[row["digest"]], shard=0, status=row["status"], strength=row["strength"],
            prediction_digest=row["prediction_digest"], outcome=outcome, error_code=row["error_code"], error=row["error"],
        )
    )  # fmt: skip


def _keep_prediction(session: Session, about: _About, ids: Mapping[str, str], row: dict[str, Any], place: str) -> None:
    try:
        found = Prediction.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        raise ReleaseError(f"{place}: {'.'.join(map(str, first['loc']))}: {first['msg']}; fetch the release again") from error  # fmt: skip
    if found.document.digest not in ids or found.model != about.model:
        raise ReleaseError(f"{place}: is by {found.model} of {found.document.digest[:12]}…, which is not the release's; fetch it again")  # fmt: skip
    insert_unless_there(
        session, StoredPrediction, id=new_id("prediction"), document_id=ids[found.document.digest], model_id=found.model,
        codebook_version=found.codebook_version, body=json.dumps(row, ensure_ascii=False), strength=found.strength.label,
        created=now(),
    )  # fmt: skip


def _keep_annotations(
    session: Session, caller: Caller, folder: Path, ids: Mapping[str, str], codebook: Codebook
) -> int:
    added = 0
    for number, row in enumerate(_lines(folder / ANNOTATIONS), 1):
        place = f"{folder / ANNOTATIONS}, line {number}"
        if row["digest"] not in ids:
            raise ReleaseError(f"{place}: {row['digest'][:12]}… is no document of {DOCUMENTS}; fetch the release again")
        try:
            labels = _labels(codebook, row)
        except AnnotationError as error:
            raise ReleaseError(f"{place}: {error}") from error
        # `append` adds the passage to the id itself.
        source_id = row["source_id"].removesuffix(f"#{row['passage']}") if row["passage"] else row["source_id"]
        origin = Origin(
            ids[row["digest"]], row["annotator"], row["source"], source_id, row["codebook_version"], row["model"], row["note"]
        )  # fmt: skip
        added += append(session, caller, origin, labels, row["changed"], None)[0] == "added"
    return added


def _labels(codebook: Codebook, row: dict[str, Any]) -> Labels:
    if row["passage"] is None:
        return document_labels(codebook, row["labels"])
    return passage_labels(codebook, row["passage"], row["labels"]["labels"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
