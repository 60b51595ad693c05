"""Documents taken into the corpus from a folder, a URL or a manifest: row by row, none stopping the others."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.corpus.sources import file_digest, is_url, list_documents, local_file
from api.store.audit import record
from api.store.files import Files
from api.store.keys import Caller
from api.store.rows import insert_unless_there
from api.store.tables import CorpusLocation, StoredDocument, new_id, now
from classifier.errors import ConfigurationError, DocumentError, DocumentLimitError, PreventionError
from classifier.reading import detect_format

_HEAD = 2**16


class ManifestRow(BaseModel):
    """One row of a manifest: where a document is, and what is known of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    file: str = Field(min_length=1, max_length=2000)
    authority: str | None = Field(default=None, min_length=1, max_length=200)
    authority_code: str | None = Field(default=None, pattern=r"^[A-Z0-9]{2,10}$")
    kind: str | None = Field(default=None, pattern=r"^[a-z_]{1,100}$")
    year: int | None = Field(default=None, ge=1900, le=2200)
    year_end: int | None = Field(default=None, ge=1900, le=2200)
    source_url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://")


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that was not taken in, and why."""

    row: str
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """A document of the corpus; `new` says whether these bytes came for the first time."""

    document_id: str
    name: str
    new: bool


def manifest_rows(source: str) -> Iterator[ManifestRow | Fault]:
    """Yield what a source holds: a row for each document of a folder or below a URL, or the rows of a manifest.

    Paths in a manifest are taken from the folder in which it lies.
    """
    if is_url(source) or Path(source).is_dir():
        found = list_documents(source)
        if not found:
            raise ConfigurationError(f"{source}: holds no document that can be read; name a folder, a URL or a manifest.csv")  # fmt: skip
        yield from (ManifestRow(file=place) for place in found)
        return
    path = Path(source)
    if path.suffix.lower() != ".csv":
        raise ConfigurationError(f"{source}: is neither a folder nor a manifest; name a folder, a URL or a .csv file with a column `file`")  # fmt: skip
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if "file" not in (reader.fieldnames or ()):
                raise ConfigurationError(f"{source}: has no column `file`; its columns are: {', '.join(reader.fieldnames or ())}")  # fmt: skip
            for number, row in enumerate(reader, 2):
                yield _row(path, number, row)
    except OSError as error:
        raise ConfigurationError(f"{source}: cannot be read ({error.strerror}); check the path") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{source}: is not UTF-8 ({error.reason} at byte {error.start}); save it anew as UTF-8") from error  # fmt: skip


def _row(manifest: Path, number: int, row: dict[str | Any, Any]) -> ManifestRow | Fault:
    given = {name: value for name, value in row.items() if isinstance(name, str) and value not in (None, "")}
    try:
        found = ManifestRow.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        shown = str(first["input"])[:100] if first["type"] != "missing" else ""
        return Fault(f"{manifest.name}, row {number}", f"{first['loc'][0]}: {shown!r}: {first['msg']}; correct or empty it")  # fmt: skip
    place = found.file if is_url(found.file) else str((manifest.parent / found.file).absolute())
    return found.model_copy(update={"file": place})


def add_documents(
    session: Session, files: Files, caller: Caller, rows: Sequence[ManifestRow], *, leave: bool, max_mb: int
) -> Iterator[Added | Fault]:
    """Take documents in, in the caller's transaction; with `leave` their files stay where they are.

    The same bytes are one document. Details that a row gives fill what is not known yet, and change nothing that is.
    """
    for row in rows:
        try:
            yield _add(session, files, caller, row, leave=leave, max_mb=max_mb)
        except PreventionError as error:
            yield Fault(row.file, str(error))


def _add(session: Session, files: Files, caller: Caller, row: ManifestRow, *, leave: bool, max_mb: int) -> Added:
    name = _clean_name(row.file)
    with local_file(row.file, name) as path:
        try:
            size = path.stat().st_size
            if size > max_mb * 2**20:
                raise DocumentLimitError(name, f"is {size / 2**20:.0f} MB, more than {max_mb} MB", "compress or split it, or raise PREVENTION_MAX_UPLOAD_MB")  # fmt: skip
            if leave:
                with path.open("rb") as file:
                    format_, digest = detect_format(file.read(_HEAD), name), file_digest(path)
            else:
                data = path.read_bytes()
                format_, digest = detect_format(data, name), files.keep(data)
        except OSError as error:
            raise DocumentError(name, f"cannot be opened ({error.strerror})", "check the path and its permissions") from error  # fmt: skip
    details = row.model_dump(exclude={"file"})
    new = insert_unless_there(
        session, StoredDocument, id=new_id("doc"), digest=digest, name=name, format=format_, size=size,
        added_by=caller.id, created=now(), **details,
    )  # fmt: skip
    document = session.scalars(select(StoredDocument).filter_by(digest=digest)).one()
    filled = {key: value for key, value in details.items() if value is not None and getattr(document, key) is None}
    for key, value in filled.items():
        setattr(document, key, value)
    if leave and not files.path(digest).is_file():
        insert_unless_there(session, CorpusLocation, document_id=document.id, url=row.file)
    if new or filled:
        what = {"digest": digest, "name": name, **details} if new else filled
        record(session, caller, "document.added" if new else "document.described", document.id, after=what)
    return Added(document.id, document.name, new)


def _clean_name(place: str) -> str:
    """Return the last part of a place without control characters, at most 200 characters; it is only ever shown."""
    base = re.split(r"[\\/]", place)[-1]
    shown = "".join(c for c in base if unicodedata.category(c) not in ("Cc", "Cs")).strip()
    return shown[-200:] or "document"


def parse_only(given: Sequence[str]) -> dict[str, str]:
    """Return what `--only key=value` chooses by; raise with the keys there are."""
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if key not in ("kind", "year", "authority", "authority_code", "state") or not equals or not value:
            raise ConfigurationError(f"--only {text}: write kind=, year=, authority=, authority_code= or state=unscored with a value")  # fmt: skip
        if key == "state" and value != "unscored":
            raise ConfigurationError(f"--only {text}: the only state is `unscored`, what the model has not scored yet")
        if key == "year" and not value.isdigit():
            raise ConfigurationError(f"--only {text}: a year is a whole number, as year=2024")
        if key in found:
            raise ConfigurationError(f"--only {text}: {json.dumps(key)} is given twice; give each once")
        found[key] = value
    return found
