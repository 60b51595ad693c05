"""The service put together and run: store, model, worker and HTTP in one process."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import uvicorn

from api.courier import Courier
from api.http.application import create_application
from api.http.service import ModelCard, Service
from api.queue import JobQueue
from api.scoring import Scorer
from api.settings import Settings
from api.store.database import check_version, open_database
from api.store.files import Files
from api.worker import Worker
from classifier.artefact import MANIFEST, Artefact, Manifest, current_model, load_artefact
from classifier.errors import ConfigurationError

_GRACE_SECONDS = 5
_BACKLOG = 2048


def serve(settings: Settings) -> None:
    """Serve until the process is told to end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # Alembic tells which database it looks at, on each start.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if not settings.data.is_dir():
        raise ConfigurationError(f"{settings.data}: no such folder; run `prevention init --data {settings.data}`")
    with _alone(settings.data), _listening(settings) as listener:
        engine = open_database(settings)
        check_version(engine)
        folder = current_model()
        model = load_artefact(folder)
        files, queue = Files(settings.files), JobQueue(engine)
        files.sweep()
        worker = Worker(engine, queue, Scorer(engine, files, model, ocr=settings.ocr), Courier(engine, settings))
        worker.start()
        service = Service(settings, engine, files, queue, _models(folder, model))
        config = uvicorn.Config(
            create_application(service, worker.stop), log_config=None, access_log=False, server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )  # fmt: skip
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run([listener])
        # Only an interrupt leads here; a request to terminate has ended the process. A document may still be under way in a
        # thread. It is taken up again at the next start, so nobody waits for it.
        logging.shutdown()
        os._exit(128 + signal.SIGINT)


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
    """Hold the folder's lock: two services would each take up the other's unfinished jobs."""
    with (folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(
                f"{folder}: another `prevention serve` is at work on this folder; end it first, or name another folder"
            ) from error
        yield


def _models(folder: Path, model: Artefact) -> tuple[ModelCard, ...]:
    """Return the model in use and those that lie beside it."""
    cards = [ModelCard(model.id, model.codebook.version, in_use=True)]
    for path in sorted(folder.parent.glob(f"*/{MANIFEST}")):
        manifest = Manifest.model_validate_json(path.read_bytes())
        if manifest.id != model.id:
            cards.append(ModelCard(manifest.id, manifest.codebook_version, in_use=False))
    return tuple(cards)
