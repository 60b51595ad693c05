"""What may be spent: tokens a month for each document and for all. They are set aside before a model is asked, so that many askers stay below it together."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from api.second_reader.configuration import ReaderSettings
from api.store.tables import ReaderSpend, new_id, now
from classifier.errors import PreventionError

# A lock of PostgreSQL is named by a number; on SQLite a transaction that writes is alone anyway.
_LOCK = 0x5EC0_0D12


class BudgetError(PreventionError):
    """The budget is spent; the sentence says when it renews."""


def month_of(moment: datetime) -> str:
    """Name the month of a moment, in UTC."""
    return f"{moment:%Y-%m}"


def renewal(moment: datetime) -> datetime:
    """Return when the month after a moment begins."""
    year, month = (moment.year, moment.month + 1) if moment.month < 12 else (moment.year + 1, 1)
    return moment.replace(year=year, month=month, day=1, hour=0, minute=0, second=0, microsecond=0)


def spent(session: Session, month: str, document_id: str | None = None) -> int:
    """Return the tokens of a month, those set aside included: of one document, or of all."""
    query = select(func.coalesce(func.sum(ReaderSpend.tokens), 0)).where(ReaderSpend.month == month)
    return int(session.scalar(query if document_id is None else query.where(ReaderSpend.document_id == document_id)) or 0)  # fmt: skip


def check_budget(
    session: Session, settings: ReaderSettings, document_id: str, tokens: int, counted: int = 0
) -> None:  # fmt: skip
    """Raise `BudgetError` where so many tokens more would pass what a document or the month may cost; `counted` are those written down already."""
    moment = now()
    month, renews = month_of(moment), f"{renewal(moment):%d %B %Y, 00:00 UTC}"
    for what, of, limit, name in (
        ("this document", document_id, settings.document_tokens, "DOCUMENT"),
        ("all documents", None, settings.month_tokens, "MONTH"),
    ):
        used = spent(session, month, of) - counted
        if used + tokens > limit:
            raise BudgetError(
                f"the second reader's budget for {what} is spent: {used} of {limit} tokens this month, and {tokens} more are needed; "
                f"it renews on {renews}, or raise PREVENTION_READER_{name}_TOKENS"
            )


def set_aside(session: Session, settings: ReaderSettings, document_id: str, tokens: int) -> str:
    """Set tokens aside in the caller's transaction and return the entry's id; raise `BudgetError` where there are not so many."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:name)"), {"name": _LOCK})
    entry = ReaderSpend(
        id=new_id("spend"), month=month_of(now()), document_id=document_id, tokens=tokens, created=now(), settled=None
    )
    session.add(entry)
    # Written first: on SQLite that takes the lock, and two who only looked would both find room.
    session.flush()
    check_budget(session, settings, document_id, tokens, counted=tokens)
    return entry.id


def settle(session: Session, entry_id: str, tokens: int) -> None:
    """Put what was really used in the place of what was set aside."""
    entry = session.get_one(ReaderSpend, entry_id)
    entry.tokens, entry.settled = tokens, now()
