"""A few requests to each route, made up from the OpenAPI document. `make drill` sends many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from api.store.keys import ROLES, make_key
from tests.api.databases import BACKENDS, database_url
from tests.api.fuzzing import fuzz
from tests.api.http.test_service import CALLERS
from tests.api.service import RunningService


@pytest.fixture(params=BACKENDS)
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningService]:
    """A service of its own: what is made up is not to stand in other tests' lists."""
    with database_url(request.param) as url:
        service = RunningService(tmp_path / "data", url, PREVENTION_MAX_WAIT_SECONDS="1", PREVENTION_WEBHOOK_PRIVATE="true")  # fmt: skip
        service.start()
        yield service
        service.stop()


def test_nothing_made_up_is_answered_by_a_fault_or_passes_the_roles(alone: RunningService) -> None:
    with alone.database() as engine, Session(engine) as session, session.begin():
        keys = {role: make_key(session, role, role) for role in ROLES}
    answers = fuzz(alone, keys, {caller: 6 if caller == "admin" else 1 for caller in CALLERS})
    assert answers["2xx"]
    assert answers["4xx"]
    assert "Traceback" not in alone.log.read_text(encoding="utf-8")
