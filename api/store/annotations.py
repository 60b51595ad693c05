"""Annotations as they are kept: appended, found, never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.annotation import Labels
from api.store.audit import record
from api.store.keys import Caller
from api.store.rows import insert_unless_there
from api.store.tables import Annotation, new_id, now

# `there` is the same annotation once more; `conflict` has the same origin, and other labels.
Appended = Literal["added", "there", "conflict"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an annotation comes from, and what holds for all of its labels."""

    document_id: str
    annotator: str
    source: str
    source_id: str
    codebook_version: str
    model_id: str | None = None
    note: str | None = None

    def id_of(self, labels: Labels) -> str:
        """Return the source's id of these labels: one annotation may label the document and many of its passages."""
        return self.source_id if labels.passage_id is None else f"{self.source_id}#{labels.passage_id}"


def append(
    session: Session, caller: Caller, origin: Origin, labels: Labels, changed: bool | None, request_id: str | None
) -> tuple[Appended, Annotation]:
    """Append labels unless their source's id is there already; return what became of them, and the row that is there now."""
    name, content = new_id("annotation"), json.dumps(labels.content())
    source_id = origin.id_of(labels)
    added = insert_unless_there(
        session, Annotation, id=name, document_id=origin.document_id, passage_id=labels.passage_id, labels=content,
        note=origin.note, annotator=origin.annotator, added_by=caller.id, source=origin.source, source_id=source_id,
        codebook_version=origin.codebook_version, model_id=origin.model_id, changed=changed, created=now(),
    )  # fmt: skip
    row = session.scalars(select(Annotation).filter_by(source=origin.source, source_id=source_id)).one()
    if not added:
        same = row.document_id == origin.document_id and json.loads(row.labels) == labels.content()
        return ("there" if same else "conflict"), row
    record(
        session, caller, "annotation.added", name, request_id=request_id,
        after={
            "document_id": origin.document_id, "passage_id": labels.passage_id, "labels": labels.content(),
            "source": origin.source, "source_id": source_id, "model_id": origin.model_id, "changed": changed,
        },
    )  # fmt: skip
    return "added", row


@dataclass(frozen=True, slots=True)
class Hidden:
    """Documents of which a reader sees only annotations of his own."""

    documents: frozenset[str]
    reader: str


def list_annotations(
    session: Session,
    limit: int,
    before: str | None = None,
    document_id: str | None = None,
    hidden: Hidden | None = None,
) -> Sequence[Annotation]:
    """Return annotations, newest first, of one document or of all; with `before`, those that came before the one of that id."""
    query = select(Annotation).order_by(Annotation.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Annotation.id < before)
    if document_id is not None:
        query = query.where(Annotation.document_id == document_id)
    if hidden is not None and hidden.documents:
        query = query.where(Annotation.document_id.not_in(hidden.documents) | (Annotation.added_by == hidden.reader))
    return session.scalars(query).all()
