"""The service put together and run: store, model, worker and HTTP in one process, or HTTP or a worker alone."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import structlog
import uvicorn
from sqlalchemy import Engine

from api.corpus.attendance import Attendant
from api.courier import Courier
from api.http.application import create_application
from api.http.service import Service
from api.logs import configure_logs, place_of
from api.models import ModelSwitch, first_in_use
from api.page_images import PageImages
from api.queue import JobQueue
from api.scoring import Scorer
from api.second_reader.configuration import load_reader_settings
from api.second_reader.reader import SecondReader
from api.settings import Settings
from api.store.database import check_version, open_database
from api.store.files import Files
from api.store.presence import Presence, claim
from api.worker import SERVE, Worker
from classifier.errors import ConfigurationError, PreventionError

log = structlog.stdlib.get_logger("prevention.serving")

_GRACE_SECONDS = 5
_BACKLOG = 2048
_LOCK_SECONDS = 3.0
_WORKER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


def serve(settings: Settings, *, works: bool = True) -> None:
    """Serve until the process is told to end, and carry out jobs where it `works`."""
    configure_logs(settings.log_format)
    reader = load_reader_settings()
    _check_folder(settings)
    with _alone(settings.data), _listening(settings) as listener:
        engine = _open(settings)
        files, queue = Files(settings.files), JobQueue(engine)
        files.sweep()
        queue.make_tables(settings.url)
        # Requests are answered while the model loads; those that need it wait for it.
        first = first_in_use()
        switch = ModelSwitch(first)
        service = Service(
            settings,
            engine,
            files,
            queue,
            first,
            switch,
            PageImages(settings.pages, settings.page_cache_mb),
            reader=reader,
        )
        scoring = _Scoring(settings, engine, queue, switch) if works else None
        # Without its proxy headers: anybody could write another address into each request, and pass every limit.
        config = uvicorn.Config(
            create_application(service, scoring.stop if scoring is not None else _nothing), log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_graceful_shutdown=_GRACE_SECONDS,
        )  # fmt: skip
        if scoring is not None:
            scoring.begin()
            SecondReader(engine, reader, first.codebook, first.card.id).start()
        switch.watch()
        Attendant(engine, settings).start()
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([listener])
        # Only an interrupt leads here; a request to terminate has ended the process.
        _leave(128 + signal.SIGINT)


def work(settings: Settings, name: str) -> None:
    """Carry out jobs beside other workers until the process is told to end; needs PostgreSQL."""
    configure_logs(settings.log_format)
    _check_folder(settings)
    if not _WORKER_NAME.fullmatch(name) or name == SERVE:
        raise ConfigurationError(
            f"--id {name}: a worker's id is 1 to 60 letters, digits and _ . - and not `{SERVE}`, which `prevention serve` has; choose another"
        )
    engine = _open(settings)
    if engine.dialect.name != "postgresql":
        raise ConfigurationError(
            f"{engine.url.render_as_string()}: only one process works on SQLite, and `prevention serve` does; set PREVENTION_DATABASE_URL to a PostgreSQL database to add workers"
        )
    told = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: told.set())
    first = first_in_use()
    switch = ModelSwitch(first)
    worker = _start_worker(settings, engine, JobQueue(engine), switch, name, claim(engine, name))
    switch.watch()
    reader = SecondReader(engine, load_reader_settings(), first.codebook, first.card.id)
    reader.start()
    told.wait()
    reader.stop()
    worker.stop()
    log.info("worker ended", worker=name)
    _leave(0)


class _Scoring:
    """The worker beside HTTP. It loads its model when requests can be answered already: what comes meanwhile is kept, and waits."""

    def __init__(self, settings: Settings, engine: Engine, queue: JobQueue, switch: ModelSwitch) -> None:
        self._settings, self._engine, self._queue, self._switch = settings, engine, queue, switch
        self._presence = claim(engine, SERVE)
        self._worker: Worker | None = None

    def begin(self) -> None:
        """Start the worker in a thread."""
        threading.Thread(target=self._begin, name="scoring", daemon=True).start()

    def stop(self) -> None:
        """Stop the worker where it has started."""
        if self._worker is not None:
            self._worker.stop()

    def _begin(self) -> None:
        try:
            self._worker = _start_worker(self._settings, self._engine, self._queue, self._switch, SERVE, self._presence)
        except Exception as error:
            # A service that takes documents and never scores one would look healthy: better it is seen to end.
            reason = str(error) if isinstance(error, PreventionError) else type(error).__name__
            log.error("the worker cannot start, so the service ends", reason=reason, place=place_of(error))
            _leave(1)


def _check_folder(settings: Settings) -> None:
    if not settings.data.is_dir():
        raise ConfigurationError(f"{settings.data}: no such folder; run `prevention init --data {settings.data}`")


def _open(settings: Settings) -> Engine:
    engine = open_database(settings)
    check_version(engine)
    return engine


def _start_worker(
    settings: Settings, engine: Engine, queue: JobQueue, switch: ModelSwitch, name: str, presence: Presence | None
) -> Worker:  # fmt: skip
    # A model that cannot be loaded is found here, and not with the first job.
    model = switch.now.artefact.id
    scorer = Scorer(engine, Files(settings.files), lambda: switch.now.artefact, ocr=settings.ocr)
    worker = Worker(engine, queue, scorer, Courier(engine, settings), name, presence)
    worker.start()
    log.info("worker started", worker=name, model=model)
    return worker


def _nothing() -> None:
    """End what has not begun."""


def _leave(status: int) -> None:
    """End now: a document may still be under way in a thread. It is taken up again at the next start, so nobody waits for it."""
    logging.shutdown()
    os._exit(status)


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    """Listen before anything is loaded: a port that is taken is told at once, and who comes early waits."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With its protocol named, or asyncio does not switch Nagle's algorithm off, and each answer waits 40 ms for an acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"{settings.host}, port {settings.port}: cannot be listened at ({error.strerror}); name another with --host and --port"
        ) from error
    with listener:
        yield listener


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two services would each take up the other's unfinished jobs.

    What a killed one has begun holds the lock a moment longer than itself, so it is waited for.
    """
    with (folder / "serve.lock").open("w") as lock:
        end = time.monotonic() + _LOCK_SECONDS
        while not _locked(lock):
            if time.monotonic() > end:
                raise ConfigurationError(
                    f"{folder}: another `prevention serve` is at work on this folder; end it first, or name another folder"
                )
            time.sleep(0.05)
        yield


def _locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
