"""A worker's lock: held once, lost with its connection, free again when its holder lets go or dies."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from api.store.presence import Presence, lock_if_free
from tests.api.databases import BACKENDS, database_url

_CUT = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


@pytest.fixture(params=[BACKENDS[1]])
def server(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database on PostgreSQL."""
    with database_url(request.param) as url:
        assert url is not None
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        yield engine
        engine.dispose()


def test_a_lock_is_held_once(server: Engine) -> None:
    first, second = Presence(server, "one"), Presence(server, "one")
    assert first.take()
    assert not second.take(wait=0.2)
    another = Presence(server, "another")
    assert another.take(wait=0)
    another.release()
    with lock_if_free(server, "one") as free:
        assert not free
    first.release()
    assert second.take()
    second.release()


def test_whoever_looks_keeps_a_worker_from_starting_meanwhile(server: Engine) -> None:
    with lock_if_free(server, "one") as free:
        assert free
        assert not Presence(server, "one").take(wait=0)
    presence = Presence(server, "one")
    assert presence.take(wait=0)
    presence.release()


def test_a_lock_that_the_database_has_lost_is_taken_again_unless_another_has_it(server: Engine) -> None:
    def cut() -> None:
        with server.connect() as connection:
            connection.execute(text(_CUT))

    first, second = Presence(server, "one"), Presence(server, "one")
    assert first.take()
    cut()
    assert first.keep()
    with lock_if_free(server, "one") as free:
        assert not free
    cut()
    assert second.take()
    assert not first.keep()
    second.release()
