"""The room that a caller's documents may fill: the sum of the sizes of those that the caller brought first."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.store.keys import Caller
from api.store.tables import ApiKey, Person, StoredDocument
from classifier.errors import PreventionError

_MB = 2**20


class QuotaError(PreventionError):
    """A document would fill more room than its sender has."""


def lock_quota(session: Session, caller: Caller) -> None:
    """Make other uploads of a caller wait for this transaction, so that two at once are summed up one after the other.

    The caller's own row is locked, before any document's; on SQLite the first insert takes the lock for writing.
    """
    if caller.quota_mb:
        for table in (ApiKey, Person):
            session.execute(select(table.id).where(table.id == caller.id).with_for_update())


def hold_to_quota(session: Session, caller: Caller, name: str, size: int) -> None:
    """Raise `QuotaError` where the document that has just been inserted is more than fits; the transaction is rolled back."""
    if caller.quota_mb and (used := _used(session, caller)) > caller.quota_mb * _MB:
        raise _over(caller, name, size, used - size)


def check_quota(engine: Engine, caller: Caller, name: str, digest: str, size: int) -> None:
    """Raise `QuotaError` where a document would be refused, before its bytes fill the disk; `hold_to_quota` has the last word."""
    if not caller.quota_mb:
        return
    with Session(engine) as session:
        used = _used(session, caller)
        if used + size <= caller.quota_mb * _MB:
            return
        if session.scalar(select(StoredDocument.id).where(StoredDocument.digest == digest)) is None:
            raise _over(caller, name, size, used)


def _used(session: Session, caller: Caller) -> int:
    total = select(func.coalesce(func.sum(StoredDocument.size), 0)).where(StoredDocument.added_by == caller.id)
    return int(session.scalar(total) or 0)


def _over(caller: Caller, name: str, size: int, used: int) -> QuotaError:
    return QuotaError(
        f"{name}: has {size / _MB:.1f} MB, and {caller.name} has used {used / _MB:.1f} of {caller.quota_mb} MB; ask an administrator for a larger quota"
    )
