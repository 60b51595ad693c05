"""One job carried out: the document read in its sandbox, scored, and what was found kept. Safe to run twice."""

from __future__ import annotations

import logging
import re
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.store.files import Files
from api.store.jobs import Task, fail_job, finish_job, note_progress, start_job
from api.store.results import Result, result_of
from api.store.tables import Stage
from classifier.artefact import Artefact
from classifier.errors import PreventionError
from classifier.reading import Reading
from classifier.score import score_passages

log = logging.getLogger("prevention.scoring")

_PROGRESS_SECONDS = 0.5


class Scorer:
    """Carries out jobs with one model. Several may be read at a time; the model scores them one after the other."""

    def __init__(self, engine: Engine, files: Files, model: Artefact, *, ocr: bool = True) -> None:
        self.model = model
        self._engine, self._files, self._ocr = engine, files, ocr
        self._scoring = threading.Lock()

    def run(self, job_id: str) -> None:
        """Carry out a job; a fault of the document ends it as failed, one of the database or the disk is raised."""
        with Session(self._engine) as session, session.begin():
            task = start_job(session, job_id, self.model.id)
        if task is None:
            return
        try:
            result = self._predict(task)
        except PreventionError as error:
            self._fail(task, error_code(error), str(error))
        except (DBAPIError, OSError):
            raise
        except Exception as error:
            # Where it happened, and nothing of the message: that may quote the document.
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "job %s: %s in %s, line %s",
                job_id,
                type(error).__name__,
                place.filename.rpartition("/")[2],
                place.lineno,
            )
            self._fail(task, "internal_error", f"{task.name}: could not be scored because of a fault in this program; report it with the job's id")  # fmt: skip
        else:
            with Session(self._engine) as session, session.begin():
                finish_job(session, task, result)
            log.info("job %s: scored, %s pages", job_id, result.pages)

    def _predict(self, task: Task) -> Result:
        reading = Reading(self._files.path(task.digest), name=task.name, ocr=self._ocr)
        try:
            document = reading.document(self._progress(task, "reading"))
        finally:
            reading.close()
        with self._scoring:
            scoring = score_passages(document, self.model, self._progress(task, "scoring"))
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
        log.info("job %s: failed, %s", task.job_id, code)


def error_code(error: PreventionError) -> str:
    """Return the stable code of an error: its class in small letters, as `damaged_document`."""
    name = type(error).__name__.removesuffix("Error")
    if name == "Document":
        return "unreadable_document"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
