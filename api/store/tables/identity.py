"""Who may do what, and who did what: keys, people, their sessions, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table

Role = Literal["viewer", "annotator", "adjudicator", "admin"]
Scope = Literal["read", "submit", "score", "export", "annotate", "admin"]


class ApiKey(Table):
    """A key to the service, kept as a hash: whoever reads the database cannot use it."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    # A JSON list of scopes that narrow the role; null where the key may do all that its role may.
    scopes: Mapped[str | None] = mapped_column(Text)
    # Requests a minute, and MB of 2^20 bytes that its documents may fill; null where the service's own limits hold.
    rate_per_minute: Mapped[int | None]
    quota_mb: Mapped[int | None]
    created_by: Mapped[str | None] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())
    expires: Mapped[datetime | None] = mapped_column(Moment())
    revoked: Mapped[datetime | None] = mapped_column(Moment())
    last_used: Mapped[datetime | None] = mapped_column(Moment())


class Person(Table):
    """Somebody who signs in. The password is kept as an argon2id hash."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str] = mapped_column(String(300))
    role: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime] = mapped_column(Moment())
    disabled: Mapped[datetime | None] = mapped_column(Moment())


class SignIn(Table):
    """A session of a person, kept by the hash of its cookie: ended here, it is ended everywhere."""

    __tablename__ = "sign_ins"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    # What a form sends back, so that another site cannot send it in a person's name.
    form_token: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())
    expires: Mapped[datetime] = mapped_column(Moment())
    last_used: Mapped[datetime] = mapped_column(Moment())


class AuditEntry(Table):
    """A change: who made it, when, to what, and how that was before and after. Appended, never changed."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_subject", "subject", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    created: Mapped[datetime] = mapped_column(Moment())
    # The id of a key or a person; "command-line" for what is done on the machine itself.
    actor: Mapped[str] = mapped_column(String(64), index=True)
    actor_name: Mapped[str] = mapped_column(String(200))
    # Such as document.submitted, key.made, annotation.added.
    action: Mapped[str] = mapped_column(String(50), index=True)
    subject: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    # JSON objects without secrets and without document text; null where there was nothing before, or is nothing after.
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)
