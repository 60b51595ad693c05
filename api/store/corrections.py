"""What people said, on its way out of the store: each annotation and each decision leaves with exactly one export.

An export is claimed in the database first and written as a file afterwards, so that a crash between the two leaves a file to be written
again, and never a word that was written twice or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.rows import insert_unless_there
from api.store.tables import (
    Adjudication,
    Annotation,
    ExportedCorrection,
    StoredDocument,
    StoredPassage,
    new_id,
    now,
)
from classifier.correction import Correction


def claim_export(session: Session) -> tuple[str, int]:
    """Claim everything that no export has taken yet; return the new export's id, and how much it took."""
    export_id, taken = new_id("export"), 0
    known = select(ExportedCorrection.source_id)
    for table in (Annotation, Adjudication):
        for source in session.scalars(select(table.id).where(table.id.not_in(known)).order_by(table.id)).all():
            # Another export may be claiming at the same moment: each word is his who writes it down first.
            taken += insert_unless_there(session, ExportedCorrection, source_id=source, export_id=export_id, created=now())  # fmt: skip
    return export_id, taken


def exports(session: Session) -> Sequence[str]:
    """Return the ids of all exports, oldest first."""
    query = select(ExportedCorrection.export_id).distinct().order_by(ExportedCorrection.export_id)
    return session.scalars(query).all()


def documents_exported(session: Session, export_id: str) -> Sequence[StoredDocument]:
    """Return the documents that an export says something of."""
    digests = {row.document for row in exported(session, export_id)}
    return session.scalars(select(StoredDocument).where(StoredDocument.digest.in_(digests))).all()


def exported(session: Session, export_id: str) -> list[Correction]:
    """Return an export's corrections, the same each time."""
    claimed = select(ExportedCorrection.source_id).where(ExportedCorrection.export_id == export_id)
    said = session.scalars(select(Annotation).where(Annotation.id.in_(claimed)).order_by(Annotation.id))
    decided = session.scalars(select(Adjudication).where(Adjudication.id.in_(claimed)).order_by(Adjudication.id))
    return [*_annotations(session, said), *_decisions(session, decided)]


def _annotations(session: Session, rows: Iterable[Annotation]) -> Iterator[Correction]:
    for row in rows:
        content = json.loads(row.labels)
        given = {
            "id": row.id, "annotator": row.annotator, "codebook": row.codebook_version, "model": row.model_id,
            "changed": row.changed, "created": row.created,
        }  # fmt: skip
        if row.passage_id is None:
            yield _correction(session, row.document_id, None, {**given, "criteria": content})
        else:
            yield _correction(session, row.document_id, row.passage_id, {**given, "labels": content["labels"]})


def _decisions(session: Session, rows: Iterable[Adjudication]) -> Iterator[Correction]:
    for row in rows:
        content = json.loads(row.labels)
        given = {
            "annotator": row.adjudicator_name, "decision": True, "codebook": row.codebook_version, "created": row.created,
        }  # fmt: skip
        if content["criteria"]:
            yield _correction(session, row.document_id, None, {**given, "id": row.id, "criteria": content["criteria"]})
        for passage, labels in content["passages"].items():
            yield _correction(session, row.document_id, passage, {**given, "id": f"{row.id}#{passage}", "labels": labels})  # fmt: skip


def _correction(session: Session, document_id: str, passage_id: str | None, given: dict[str, Any]) -> Correction:
    document = session.get_one(StoredDocument, document_id)
    found: dict[str, Any] = {
        **given, "document": document.digest, "format": document.format, "name": document.name,
        "authority": document.authority or "", "kind": document.kind or "", "year": document.year,
    }  # fmt: skip
    if passage_id is not None:
        # The passage as it was cut when it was labelled: a later reading has others.
        query = select(StoredPassage).filter_by(document_id=document_id, passage_id=passage_id).limit(1)
        passage = session.scalars(query.order_by(StoredPassage.reading_id)).one()
        headings = json.loads(passage.headings)
        found |= {"passage": passage_id, "text": passage.text, "heading": headings[-1] if headings else ""}
    return Correction.model_validate(found)
