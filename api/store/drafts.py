"""Drafts as they are kept: one for each person and document, written over only by whoever has seen its newest version."""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.store.rows import insert_unless_there
from api.store.tables import Draft, new_id, now


def find_draft(session: Session, owner: str, document_id: str) -> Draft | None:
    """Return what somebody is about to say of a document."""
    return session.scalars(select(Draft).filter_by(owner=owner, document_id=document_id)).first()


def keep_draft(session: Session, owner: str, document_id: str, seen: int, content: str) -> Draft | None:
    """Keep a draft's next version; None where `seen` is not the newest (0: there is none yet), and nothing is written."""
    if seen == 0:
        values = {"owner": owner, "document_id": document_id, "version": 1, "content": content, "changed": now()}
        written = insert_unless_there(session, Draft, id=new_id("draft"), **values)
    else:
        done = session.execute(
            update(Draft)
            .where(Draft.owner == owner, Draft.document_id == document_id, Draft.version == seen)
            .values(version=seen + 1, content=content, changed=now())
            .returning(Draft.id)
        )
        written = done.scalar_one_or_none() is not None
    return find_draft(session, owner, document_id) if written else None


def drop_draft(session: Session, owner: str, document_id: str) -> None:
    """Throw a draft away; where there is none, nothing happens."""
    session.execute(delete(Draft).where(Draft.owner == owner, Draft.document_id == document_id))


def drafted(session: Session, owner: str) -> set[str]:
    """Return the ids of the documents that somebody has a draft for."""
    return set(session.scalars(select(Draft.document_id).where(Draft.owner == owner)))
