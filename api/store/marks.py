"""Evidence that annotations add or remove, as it is kept and found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.tables import EvidenceMark, StoredPassage, new_id

Verdict = Literal["added", "removed"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A piece of evidence that belongs to a criterion, or does not, as a person says."""

    criterion: str
    verdict: Verdict
    passage_id: str
    page: int
    start: int
    end: int
    quote: str
    boxes: list[list[float]]


def keep_marks(session: Session, annotation_id: str, document_id: str, marks: Iterable[Mark]) -> None:
    """Append what an annotation says of evidence."""
    for mark in marks:
        values = {**asdict(mark), "boxes": json.dumps(mark.boxes)}
        session.add(EvidenceMark(id=new_id("mark"), annotation_id=annotation_id, document_id=document_id, **values))
    session.flush()


def marks_of(session: Session, annotation_ids: Sequence[str]) -> Mapping[str, list[Mark]]:
    """Return what annotations say of evidence, by their ids."""
    rows = session.scalars(
        select(EvidenceMark).where(EvidenceMark.annotation_id.in_(annotation_ids)).order_by(EvidenceMark.id)
    )
    found: dict[str, list[Mark]] = {}
    for row in rows:
        found.setdefault(row.annotation_id, []).append(
            Mark(row.criterion, "added" if row.verdict == "added" else "removed", row.passage_id, row.page, row.start, row.end, row.quote, json.loads(row.boxes))
        )  # fmt: skip
    return found


def find_passage(session: Session, document_id: str, passage_id: str) -> StoredPassage | None:
    """Return a passage of any of the document's readings."""
    return session.scalars(
        select(StoredPassage).filter_by(document_id=document_id, passage_id=passage_id).limit(1)
    ).first()
