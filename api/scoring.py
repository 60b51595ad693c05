"""One job carried out: the document read in its sandbox, scored, and what was found kept. Safe to run twice."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.logs import place_of
from api.metrics import timed
from api.store.files import Files
from api.store.jobs import Task, fail_job, finish_job, note_progress, start_job
from api.store.results import Result, result_of
from api.store.tables import Stage
from classifier.artefact import Artefact
from classifier.errors import PreventionError
from classifier.reading import Reading
from classifier.score import score_passages

log = structlog.stdlib.get_logger("prevention.scoring")

_PROGRESS_SECONDS = 0.5


class Scorer:
    """Carries out jobs, each with the model that is in use when it begins. Several may be read at a time; they are scored one after the other."""

    def __init__(self, engine: Engine, files: Files, models: Callable[[], Artefact], *, ocr: bool = True) -> None:
        self._models = models
        self._engine, self._files, self._ocr = engine, files, ocr
        self._scoring = threading.Lock()

    def run(self, job_id: str) -> None:
        """Carry out a job; a fault of the document ends it as failed, one of the database or the disk is raised."""
        model = self._models()
        with Session(self._engine) as session, session.begin():
            task = start_job(session, job_id, model.id)
        if task is not None:
            with structlog.contextvars.bound_contextvars(
                job_id=job_id, document_id=task.document_id, request_id=task.request_id
            ):
                self._carry_out(task, model)

    def _carry_out(self, task: Task, model: Artefact) -> None:
        begun = time.monotonic()
        try:
            result = self._predict(task, model)
        except PreventionError as error:
            self._fail(task, error_code(error), str(error))
        except (DBAPIError, OSError):
            raise
        except Exception as error:
            # Where it happened, and nothing of the message: that may quote the document.
            log.error("a fault in this program", error=type(error).__name__, place=place_of(error))
            self._fail(task, "internal_error", f"{task.name}: could not be scored because of a fault in this program; report it with the job's id")  # fmt: skip
        else:
            with timed("keeping"), Session(self._engine) as session, session.begin():
                finish_job(session, task, result)
            log.info("job succeeded", pages=result.pages, seconds=round(time.monotonic() - begun, 2))

    def _predict(self, task: Task, model: Artefact) -> Result:
        reading = Reading(self._files.path(task.digest), name=task.name, ocr=self._ocr)
        try:
            with timed("reading"):
                document = reading.document(self._progress(task, "reading"))
        finally:
            reading.close()
        with self._scoring, timed("scoring"):
            scoring = score_passages(document, model, self._progress(task, "scoring"))
        return result_of(document, scoring)

    def _progress(self, task: Task, stage: Stage) -> Callable[[int, int], None]:
        told = 0.0

        def tell(done: int, total: int) -> None:
            nonlocal told
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                # Progress is a courtesy: a database that is busy must not cost the job.
                with suppress(DBAPIError), Session(self._engine) as session, session.begin():
                    note_progress(session, task.job_id, stage, done, total)

        return tell

    def _fail(self, task: Task, code: str, sentence: str) -> None:
        with Session(self._engine) as session, session.begin():
            fail_job(session, task.job_id, code, sentence)
        log.info("job failed", code=code)


def error_code(error: PreventionError) -> str:
    """Return the stable code of an error: its class in small letters, as `damaged_document`."""
    name = type(error).__name__.removesuffix("Error")
    if name == "Document":
        return "unreadable_document"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
