"""One running service for all tests of a worker that do not end it, and a database with its tables for each test that asks."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.settings import load_settings
from api.store.database import migrate, open_database
from api.store.keys import ROLES, make_key
from tests.api.databases import BACKENDS, database_url
from tests.api.service import RunningService

SETTINGS = {
    "PREVENTION_MAX_UPLOAD_MB": "1",
    "PREVENTION_WEBHOOK_PRIVATE": "true",
    "PREVENTION_WEBHOOK_ATTEMPTS": "3",
    "PREVENTION_WEBHOOK_RETRY_SECONDS": "0.1",
}


@pytest.fixture(scope="session", params=BACKENDS)
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that runs, with an upload limit of 1 MB, that fetches from this machine within two seconds and tells webhooks on it."""
    settings = {
        **SETTINGS, "PREVENTION_FETCH_HOSTS": "127.0.0.1", "PREVENTION_FETCH_PRIVATE": "true", "PREVENTION_FETCH_SECONDS": "2",
    }  # fmt: skip
    with database_url(request.param) as url:
        running = RunningService(tmp_path_factory.mktemp("service") / "data", url, **settings)
        running.start()
        yield running
        assert running.stop() == -signal.SIGTERM


@pytest.fixture(scope="session")
def client(service: RunningService) -> Iterator[httpx.Client]:
    """A client with the administrator's key."""
    with service.client() as found:
        yield found


@pytest.fixture(scope="session")
def keys(service: RunningService) -> dict[str, str]:
    """A key for each role."""
    with service.database() as engine, Session(engine) as session, session.begin():
        return {role: make_key(session, role, role) for role in ROLES}


@pytest.fixture(params=BACKENDS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of either kind, with its tables."""
    with database_url(request.param) as url:
        made = open_database(load_settings(data=tmp_path, database_url=url))
        migrate(made)
        yield made
        made.dispose()
