"""One running service for all tests of a worker that do not end it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from api.settings import load_settings
from api.store.database import open_database
from api.store.keys import ROLES, make_key
from tests.api.service import RunningService


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that runs, with an upload limit of 1 MB."""
    running = RunningService(tmp_path_factory.mktemp("service") / "data", {"PREVENTION_MAX_UPLOAD_MB": "1"})
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
    return make_keys(service.data)


def make_keys(data: Path) -> dict[str, str]:
    """Make a key for each role in the store of a folder."""
    engine = open_database(load_settings(data=data))
    with Session(engine) as session, session.begin():
        made: dict[str, str] = {role: make_key(session, role, role) for role in ROLES}
    engine.dispose()
    return made
