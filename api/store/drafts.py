"""Drafts of annotations: kept for the person alone, written over, and gone once they are said."""

from __future__ import annotations

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from api.store.rows import insert_unless_there
from api.store.tables import ReviewDraft, now


def find_draft(session: Session, person: str, document_id: str) -> ReviewDraft | None:
    """Return what a person has not finished saying of a document."""
    return session.get(ReviewDraft, (document_id, person))


def save_draft(session: Session, person: str, document_id: str, content: str, seen: int) -> ReviewDraft | None:
    """Save a draft over the version that was seen, 0 for none; return it, or None where another version has come meanwhile."""
    if seen == 0:
        saved = insert_unless_there(
            session, ReviewDraft, document_id=document_id, person=person, version=1, content=content, saved=now()
        )
    else:
        changed = (
            update(ReviewDraft)
            .where(ReviewDraft.document_id == document_id, ReviewDraft.person == person, ReviewDraft.version == seen)
            .values(version=seen + 1, content=content, saved=now())
            .returning(ReviewDraft.version)
        )
        saved = session.execute(changed).scalar() is not None
    session.expire_all()
    return find_draft(session, person, document_id) if saved else None


def drop_draft(session: Session, person: str, document_id: str) -> None:
    """Drop a draft, where there is one."""
    session.execute(delete(ReviewDraft).where(ReviewDraft.document_id == document_id, ReviewDraft.person == person))
