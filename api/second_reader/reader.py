"""The second reader at work: threads of its own that take requests. No job of the classifier waits for it, and it holds none of its parts."""

from __future__ import annotations

import threading
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.logs import place_of
from api.second_reader.asking import ask_by_itself
from api.second_reader.configuration import ReaderSettings
from api.second_reader.requests import MOST_ATTEMPTS, append, end, has_due, take
from api.store.tables import new_id
from classifier.codebook import Codebook
from classifier.errors import MissingExtraError

if TYPE_CHECKING:
    from api.second_reader.reading import ReadingRun
    from api.second_reader.requests import Asked

log = structlog.stdlib.get_logger("prevention.reader")

_POLL_SECONDS = 1.0
_LOOK_ROUND_SECONDS = 30.0
_GAVE_UP = f"the service ended {MOST_ATTEMPTS} times during this reading; ask for it again"
_FAULT = "a fault in this program; report it with the request's id"


class SecondReader:
    """Carries out requests until it is stopped. Several processes may have one each."""

    def __init__(self, engine: Engine, settings: ReaderSettings, codebook: Codebook, model_id: str) -> None:
        self._engine, self._settings, self._codebook, self._model_id = engine, settings, codebook, model_id
        self._ended = threading.Event()

    def start(self) -> None:
        """Begin to read, where a server is set; raise `MissingExtraError` where the packages for it are not installed."""
        if not self._settings.on:
            return
        if find_spec("openai") is None:
            raise MissingExtraError("the second reader", "reader")
        for number in range(self._settings.concurrency):
            threading.Thread(target=self._read, name=f"second-reader-{number}", daemon=True).start()
        threading.Thread(target=self._look_round, name="second-reader-asking", daemon=True).start()
        log.info("second reader started", provider=self._settings.provider, model=self._settings.model)

    def stop(self) -> None:
        """Take no more requests. One that is under way is taken again when its lease is over."""
        self._ended.set()

    def _read(self) -> None:
        # The client library is loaded here, so that a service that starts does not wait for it.
        from api.second_reader.provider import Provider
        from api.second_reader.reading import ReadingRun

        run = ReadingRun(self._engine, self._settings, Provider(self._settings), self._codebook, self._model_id)
        run.pause = self._ended.wait
        while not self._ended.wait(_POLL_SECONDS):
            try:
                while not self._ended.is_set() and (asked := self._take(run)) is not None:
                    self._carry_out(run, asked)
            except DBAPIError as error:
                log.warning("second readings could not be looked for", error=type(error.orig).__name__)

    def _take(self, run: ReadingRun) -> Asked | None:
        with Session(self._engine) as session:
            if not has_due(session):
                return None
        with Session(self._engine) as session, session.begin():
            return take(session, run.lease)

    def _carry_out(self, run: ReadingRun, asked: Asked) -> None:
        if asked.attempt > MOST_ATTEMPTS:
            self._give_up(asked, _GAVE_UP)
            return
        try:
            run.run(asked)
        except DBAPIError:
            raise
        except Exception as error:
            # Where it happened, and nothing of the message: that may quote the document.
            log.error("a fault in this program", error=type(error).__name__, place=place_of(error), request=asked.id)
            self._give_up(asked, _FAULT)

    def _give_up(self, asked: Asked, sentence: str) -> None:
        name, settings = new_id("second"), self._settings
        with Session(self._engine) as session, session.begin():
            if end(session, asked, name):
                append(
                    session, name, document_id=asked.document_id, request_id=asked.id, kind=asked.kind, outcome="failed",
                    sentence=sentence, provider=settings.provider, model=settings.model, prompt_version="",
                    prompt_hash="", text_digest="", cache_key="", codebook_version=self._codebook.version, body="{}",
                    quotes_verified=0, quotes_dropped=0, prompt_tokens=0, answer_tokens=0, cost=0.0, seconds=0.0,
                )  # fmt: skip

    def _look_round(self) -> None:
        if not (self._settings.abstained or self._settings.disagreement or self._settings.share):
            return
        looked = -_LOOK_ROUND_SECONDS
        while not self._ended.wait(_POLL_SECONDS):
            if time.monotonic() - looked < _LOOK_ROUND_SECONDS:
                continue
            looked = time.monotonic()
            try:
                with Session(self._engine) as session, session.begin():
                    made = ask_by_itself(session, self._settings, self._model_id)
            except DBAPIError as error:
                log.warning("documents to read could not be looked for", error=type(error.orig).__name__)
                continue
            if made:
                log.info("second readings asked for", requests=made)
