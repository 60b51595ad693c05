"""A run carried out: shards leased, sent to an engine, and kept as they come back. May be ended at any moment, and begun again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Engine as Database
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.corpus.engines import Engine
from api.corpus.owners import is_dead, this_owner
from api.corpus.shard import ScoredItem, ShardResult, ShardTask, TaskDocument
from api.settings import Settings
from api.store.corpus import (
    LEASE_SECONDS,
    ItemOutcome,
    RunProgress,
    claim_shard,
    finish_if_done,
    keep_shard,
    owners_at_work,
    progress_of,
    release_leases,
    renew_leases,
    shard_documents,
)
from api.store.files import Files
from api.store.results import Result, kept_passage
from api.store.tables import CorpusRun
from classifier.errors import ConfigurationError

log = structlog.stdlib.get_logger("prevention.corpus")

_WAIT_SECONDS = 1.0
# A shard during which a process has ended this often is not tried again: something in it may be what ends them.
_MAX_ATTEMPTS = 20
_GAVE_UP = f"the processes that scored its shard ended {_MAX_ATTEMPTS} times; score it alone with `prevention score`, and report it"
Tell = Callable[[RunProgress], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a driver left a run, and the seconds that each stage took in it."""

    status: str
    seconds: dict[str, float]


class Driver:
    """Works on one run. Several may work on the same, on this machine or on others that share the store."""

    def __init__(self, database: Database, settings: Settings, run_id: str, engine: Engine) -> None:
        self._database, self._settings, self._engine = database, settings, engine
        self.owner = this_owner()
        self._ended = threading.Event()
        self._seconds: dict[str, float] = {}
        with Session(database, expire_on_commit=False) as session:
            run = session.get(CorpusRun, run_id)
        if run is None:
            raise ConfigurationError(f"{run_id}: no run has this id; list them with `prevention corpus runs`")
        self._run = run

    def drive(self, tell: Tell = lambda _: None) -> Outcome:
        """Work until the run is finished or paused; what is under way when that is told is still kept."""
        keeper = threading.Thread(target=self._keep_leases, name="leases", daemon=True)
        keeper.start()
        try:
            while (status := self._status()) == "running":
                self._free_dead()
                try:
                    for text in self._engine.results(self._tasks()):
                        self._keep(ShardResult.model_validate_json(text))
                        tell(self.progress())
                except BrokenExecutor:
                    log.warning("a worker process ended while it was at a shard; the shard is tried again")
                    self._release()
                with Session(self._database) as session, session.begin():
                    finished = finish_if_done(session, self._run.id)
                if not finished and self._status() == "running":
                    # Others are at the last shards.
                    time.sleep(_WAIT_SECONDS)
        finally:
            self._ended.set()
            self._release()
        return Outcome(status, self._seconds)

    def progress(self) -> RunProgress:
        """Return how far the run has come."""
        with Session(self._database) as session:
            return progress_of(session, self._run.id)

    def _release(self) -> None:
        with Session(self._database) as session, session.begin():
            release_leases(session, self._run.id, [self.owner])

    def _status(self) -> str:
        with Session(self._database) as session:
            return session.get_one(CorpusRun, self._run.id).status

    def _tasks(self) -> Iterator[str]:
        """Yield shards, each leased at the moment at which it is asked for."""
        while self._status() == "running":
            with Session(self._database) as session, session.begin():
                claimed = claim_shard(session, self._run.id, self.owner)
                if claimed is None:
                    return
                number, attempts = claimed
                documents = shard_documents(session, self._run, number)
                if attempts > _MAX_ATTEMPTS:
                    given_up = [ItemOutcome(d.document_id, None, error_code="gave_up", error=f"{d.name}: {_GAVE_UP}") for d in documents]  # fmt: skip
                    keep_shard(session, self._run.id, number, self.owner, given_up, 0.0)
                    continue
            files = Files(self._settings.files.resolve())
            yield ShardTask(
                run_id=self._run.id, number=number, model_id=self._run.model_id, model_folder=self._run.model_folder,
                cache=str(self._settings.cache.resolve()), ocr=self._settings.ocr,
                documents=[
                    TaskDocument(
                        document_id=d.document_id, digest=d.digest, name=d.name, read=d.read,
                        place=d.url if d.url is not None else str(files.path(d.digest)),
                    )
                    for d in documents
                ],
            ).model_dump_json()  # fmt: skip

    def _keep(self, result: ShardResult) -> None:
        outcomes = [_outcome(item, self._run) for item in result.items]
        spent = sum(result.seconds.values())
        with Session(self._database) as session, session.begin():
            kept = keep_shard(session, self._run.id, result.number, self.owner, outcomes, spent)
        if not kept:
            log.warning("a shard came back after its lease was lost, and is left to whoever has it now", shard=result.number)  # fmt: skip
        for stage, seconds in result.seconds.items():
            self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def _free_dead(self) -> None:
        with Session(self._database) as session, session.begin():
            dead = [owner for owner in owners_at_work(session, self._run.id) if is_dead(owner)]
            if dead:
                release_leases(session, self._run.id, dead)

    def _keep_leases(self) -> None:
        while not self._ended.wait(LEASE_SECONDS / 4):
            try:
                with Session(self._database) as session, session.begin():
                    renew_leases(session, self._run.id, self.owner)
            except DBAPIError as error:
                log.warning("leases could not be renewed", error=type(error.orig).__name__)


def _outcome(item: ScoredItem, run: CorpusRun) -> ItemOutcome:
    if item.error_code is not None:
        return ItemOutcome(item.document_id, None, error_code=item.error_code, error=item.error)
    prediction: dict[str, Any] = {
        "model_id": run.model_id, "codebook_version": run.codebook_version, "body": item.body,
        "passage_probabilities": item.probabilities, "strength": item.strength,
    }  # fmt: skip
    result = Result(item.pages, [kept_passage(row) for row in item.passages], prediction)
    return ItemOutcome(item.document_id, result, item.body_digest, item.outcome)
