"""Runs in the database: begun, their shards leased, kept and given back, and how far each has come."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session

from api.store.results import Result, keep_result
from api.store.tables import (
    CorpusItem,
    CorpusLocation,
    CorpusRun,
    CorpusShard,
    StoredDocument,
    StoredPrediction,
    StoredReading,
    new_id,
    now,
)

# How long nobody else may take up a shard whose owner is not heard of.
LEASE_SECONDS = 120.0
_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run is to be: the model, by its id and folder, and the documents, by what they are chosen by."""

    model_id: str
    codebook_version: str
    model_folder: str
    extraction: str
    only: Mapping[str, str]
    shard_size: int


@dataclass(frozen=True, slots=True)
class ShardDocument:
    """A document as a worker needs to know it; `url` is where its file lies unless that is in the store."""

    document_id: str
    digest: str
    name: str
    url: str | None
    # Whether its passages are kept in the database already.
    read: bool


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What came of one document: a result, or a fault."""

    document_id: str
    result: Result | None
    prediction_digest: str | None = None
    outcome: str | None = None
    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run has come."""

    scored: int
    failed: int
    waiting: int
    shards: int
    shards_done: int
    # How often shards were begun beyond once each.
    repeated: int
    seconds: float


def begin_run(session: Session, plan: RunPlan, added_by: str) -> CorpusRun:
    """Write down a run, its documents and its shards; the run is there whole or not at all."""
    chosen = session.scalars(
        select(StoredDocument.id).where(*conditions(plan.only, plan.model_id)).order_by(StoredDocument.id)
    ).all()
    run = CorpusRun(
        id=new_id("run"), model_id=plan.model_id, codebook_version=plan.codebook_version, extraction=plan.extraction,
        model_folder=plan.model_folder, only=json.dumps(dict(plan.only)), status="running", documents=len(chosen),
        added_by=added_by, created=now(),
    )  # fmt: skip
    session.add(run)
    session.flush()
    shards = -(-len(chosen) // plan.shard_size)
    rows = [{"run_id": run.id, "number": n, "status": "waiting", "attempts": 0} for n in range(shards)]
    items = [
        {"run_id": run.id, "document_id": name, "shard": place // plan.shard_size, "status": "waiting"}
        for place, name in enumerate(chosen)
    ]
    for table, whole in ((CorpusShard, rows), (CorpusItem, items)):
        for at in range(0, len(whole), _CHUNK):
            session.execute(insert(table), whole[at : at + _CHUNK])
    return run


def conditions(only: Mapping[str, str], model_id: str) -> list[ColumnElement[bool]]:
    """Return what the documents of a run must fulfil."""
    found: list[ColumnElement[bool]] = []
    scored = select(StoredPrediction.document_id).where(StoredPrediction.model_id == model_id)
    for key, value in only.items():
        if key == "state":
            # What this very model has not scored; of these are those that failed before, too.
            found.append(StoredDocument.id.not_in(scored))
        elif key == "year":
            found.append(StoredDocument.year == int(value))
        else:
            found.append(getattr(StoredDocument, key) == value)
    return found


def claim_shard(session: Session, run_id: str, owner: str) -> tuple[int, int] | None:
    """Lease the first shard that nobody is at; return its number and how often it was begun, or None where there is none now."""
    free = or_(
        CorpusShard.status == "waiting",
        and_(CorpusShard.status == "leased", CorpusShard.leased_until < time.time()),
    )
    query = select(CorpusShard.number).where(CorpusShard.run_id == run_id, free).order_by(CorpusShard.number).limit(1)
    found = session.scalar(query.with_for_update(skip_locked=True))
    if found is None:
        return None
    done = session.execute(
        update(CorpusShard)
        .where(CorpusShard.run_id == run_id, CorpusShard.number == found, free)
        .values(
            status="leased", owner=owner, leased_until=time.time() + LEASE_SECONDS, attempts=CorpusShard.attempts + 1
        )
        .returning(CorpusShard.number, CorpusShard.attempts)
    ).one_or_none()
    return None if done is None else (done.number, done.attempts)


def renew_leases(session: Session, run_id: str, owner: str) -> None:
    """Hold on to what an owner is at."""
    session.execute(
        update(CorpusShard)
        .where(CorpusShard.run_id == run_id, CorpusShard.owner == owner, CorpusShard.status == "leased")
        .values(leased_until=time.time() + LEASE_SECONDS)
    )


def release_leases(session: Session, run_id: str, owners: Sequence[str]) -> None:
    """Give back what owners were at that are known to be at it no longer."""
    session.execute(
        update(CorpusShard)
        .where(CorpusShard.run_id == run_id, CorpusShard.owner.in_(owners), CorpusShard.status == "leased")
        .values(status="waiting", owner=None, leased_until=None)
    )


def owners_at_work(session: Session, run_id: str) -> Sequence[str]:
    """Return who holds a lease."""
    query = select(CorpusShard.owner).where(CorpusShard.run_id == run_id, CorpusShard.status == "leased").distinct()
    return [owner for owner in session.scalars(query) if owner is not None]


def live_owners(session: Session, run_id: str) -> Sequence[str]:
    """Return who holds a lease that has not run out."""
    query = select(CorpusShard.owner).where(
        CorpusShard.run_id == run_id, CorpusShard.status == "leased", CorpusShard.leased_until >= time.time()
    )
    return [owner for owner in session.scalars(query.distinct()) if owner is not None]


def shard_documents(session: Session, run: CorpusRun, number: int) -> list[ShardDocument]:
    """Return a shard's documents in order."""
    read = select(StoredReading.id).where(
        StoredReading.document_id == StoredDocument.id, StoredReading.extraction == run.extraction
    )
    rows = session.execute(
        select(StoredDocument.id, StoredDocument.digest, StoredDocument.name, CorpusLocation.url, read.exists())
        .join(CorpusItem, CorpusItem.document_id == StoredDocument.id)
        .outerjoin(CorpusLocation, CorpusLocation.document_id == StoredDocument.id)
        .where(CorpusItem.run_id == run.id, CorpusItem.shard == number)
        .order_by(StoredDocument.id)
    )
    return [ShardDocument(*row) for row in rows.tuples()]


def keep_shard(
    session: Session, run_id: str, number: int, owner: str, outcomes: Sequence[ItemOutcome], seconds: float
) -> bool:
    """Keep all that came of a shard, in the caller's transaction; False, and nothing kept, where the lease was lost."""
    held = session.execute(
        update(CorpusShard)
        .where(
            CorpusShard.run_id == run_id, CorpusShard.number == number, CorpusShard.owner == owner, CorpusShard.status == "leased"
        )
        .values(status="done", owner=None, leased_until=None, seconds=seconds)
        .returning(CorpusShard.number)
    ).scalar()  # fmt: skip
    if held is None:
        return False
    for found in outcomes:
        values: dict[str, Any] = {"status": "failed", "error_code": found.error_code, "error": found.error}
        if found.result is not None:
            keep_result(session, found.document_id, found.result)
            session.execute(
                update(StoredDocument)
                .where(StoredDocument.id == found.document_id, StoredDocument.pages.is_(None))
                .values(pages=found.result.pages)
            )
            values = {
                "status": "scored", "strength": found.result.prediction["strength"], "outcome": found.outcome,
                "prediction_digest": found.prediction_digest,
            }  # fmt: skip
        session.execute(
            update(CorpusItem)
            .where(CorpusItem.run_id == run_id, CorpusItem.document_id == found.document_id)
            .values(**values)
        )
    return True


def finish_if_done(session: Session, run_id: str) -> bool:
    """Mark a run as finished where no shard is left; tell whether it is."""
    left = session.scalar(
        select(func.count()).where(CorpusShard.run_id == run_id, CorpusShard.status != "done").select_from(CorpusShard)
    )
    if left:
        return False
    session.execute(
        update(CorpusRun)
        .where(CorpusRun.id == run_id, CorpusRun.status != "finished")
        .values(status="finished", finished=now())
    )
    return True


def set_status(session: Session, run_id: str, before: str, after: str) -> bool:
    """Pause a run or have it go on; tell whether it was in the state before."""
    done = session.execute(
        update(CorpusRun)
        .where(CorpusRun.id == run_id, CorpusRun.status == before)
        .values(status=after)
        .returning(CorpusRun.id)
    )
    return done.scalar() is not None


def list_runs(session: Session, limit: int, before: str | None = None) -> Sequence[CorpusRun]:
    """Return runs, newest first; with `before`, those that came before the run of that id."""
    query = select(CorpusRun).order_by(CorpusRun.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(CorpusRun.id < before)).all()


def progress_of(session: Session, run_id: str) -> RunProgress:
    """Count a run's documents and shards."""
    items = session.execute(
        select(CorpusItem.status, func.count()).where(CorpusItem.run_id == run_id).group_by(CorpusItem.status)
    )
    counts = dict(items.tuples().all())
    shards = session.execute(
        select(CorpusShard.status, func.count(), func.sum(CorpusShard.attempts), func.sum(CorpusShard.seconds))
        .where(CorpusShard.run_id == run_id)
        .group_by(CorpusShard.status)
    ).all()
    begun = sum(attempts - number for status, number, attempts, _ in shards if status == "done")
    begun += sum(max(0, attempts - number) for status, number, attempts, _ in shards if status != "done")
    return RunProgress(
        counts.get("scored", 0), counts.get("failed", 0), counts.get("waiting", 0), sum(row[1] for row in shards),
        sum(row[1] for row in shards if row[0] == "done"), begun, sum(row[3] or 0.0 for row in shards),
    )  # fmt: skip
