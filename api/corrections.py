"""`prevention labels export`: what people said leaves the store as files that training reads."""

from __future__ import annotations

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.store.corrections import claim_export, documents_exported, exported, exports
from api.store.files import Files
from classifier.artefact import MODELS_DIRECTORY
from classifier.correction import CORRECTIONS, DOCUMENTS, SUFFIXES

# Beside the models, where training looks for it.
FOLDER = MODELS_DIRECTORY.parent / "labelled_data" / CORRECTIONS


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did: how much was new, and which files it wrote, among them those that an earlier one did not get to write."""

    new: int
    files: list[Path]
    documents: int


def export_corrections(engine: Engine, files: Files, folder: Path) -> Exported:
    """Claim what is new, and write every export that is missing from the folder, each as a whole or not at all.

    The documents' own files go along: their labels are nothing to train on without them. A folder that has nothing yet gets everything.
    """
    with Session(engine) as session, session.begin():
        _, new = claim_export(session)
    (folder / DOCUMENTS).mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    copied = 0
    with Session(engine) as session:
        for name in exports(session):
            target = folder / f"{name}.jsonl"
            if not target.exists():
                copied += _copy_documents(session, files, name, folder / DOCUMENTS)
                lines = "".join(row.model_dump_json() + "\n" for row in exported(session, name))
                _write(target, lines)
                written.append(target)
    return Exported(new, written, copied)


def _copy_documents(session: Session, files: Files, export_id: str, folder: Path) -> int:
    copied = 0
    for document in documents_exported(session, export_id):
        target = folder / f"{document.digest}{SUFFIXES.get(document.format, '')}"
        if not target.exists():
            draft = folder / f".{target.name}.{secrets.token_hex(4)}"
            shutil.copyfile(files.path(document.digest), draft)
            draft.rename(target)
            copied += 1
    return copied


def _write(target: Path, text: str) -> None:
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(target)
