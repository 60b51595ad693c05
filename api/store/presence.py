"""Which workers live: each holds a lock of PostgreSQL under its id for as long as its connection does.

A killed process loses its connection, and with it the lock, at once; a machine that has gone silent within half a minute.
A pooler that hands connections on between transactions (PgBouncer) breaks this: connect to PostgreSQL itself.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from classifier.errors import ConfigurationError

# A process that was killed just now may not have let go of its lock yet; and somebody may be looking whether it is free.
_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.1
# In seconds, but for the count. A server that does not know one of them goes without.
_CONNECTION = {
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    "idle_session_timeout": 0,
}
_SET = text("SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :name")


class Presence:
    """The lock of one worker, on a connection of its own."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine
        self._connection: Connection | None = None

    def take(self, wait: float = _WAIT_SECONDS) -> bool:
        """Take the lock; tell whether it was free, or became so within `wait` seconds."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Not from the pool: it would be given back there with its lock, and its settings, still on it.
        connection.detach()
        end = time.monotonic() + wait
        try:
            for name, value in _CONNECTION.items():
                connection.execute(_SET, {"name": name, "value": str(value)})
            while not _try_lock(connection, self.name):
                if time.monotonic() >= end:
                    connection.close()
                    return False
                time.sleep(_LOOK_SECONDS)
        except DBAPIError:
            connection.close()
            raise
        self._connection = connection
        return True

    def keep(self) -> bool:
        """Look after the connection, and take the lock again where the database has been away; False where another has it."""
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                return True
        except DBAPIError:
            self.release()
        return self.take(wait=0)

    def release(self) -> None:
        """Let go of the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def claim(engine: Engine, name: str) -> Presence | None:
    """Take the lock of a worker's id; None on SQLite, where one process works at a time.

    Raises `ConfigurationError` where another process works under this id.
    """
    if engine.dialect.name != "postgresql":
        return None
    presence = Presence(engine, name)
    if not presence.take():
        raise ConfigurationError(
            f"{name}: another process works under this id on this database; end it first, or start this one with another --id"
        )
    return presence


@contextmanager
def lock_if_free(engine: Engine, name: str) -> Iterator[bool]:
    """Hold the lock of a name, and say whether it was free: whoever has this name is then dead, and cannot start meanwhile.

    On SQLite, where one process works at a time, it always is.
    """
    if engine.dialect.name != "postgresql":
        yield True
        return
    with engine.connect() as connection:
        found = _try_lock(connection, name, for_transaction=True)
        yield found


def _try_lock(connection: Connection, name: str, *, for_transaction: bool = False) -> bool:
    kind = "pg_try_advisory_xact_lock" if for_transaction else "pg_try_advisory_lock"
    return bool(connection.scalar(text(f"SELECT {kind}(:key)"), {"key": _key(name)}))


def _key(name: str) -> int:
    """Return a name's key among the locks of the database: 64 bits with a sign."""
    digest = hashlib.sha256(json.dumps(["prevention", "worker", name]).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
