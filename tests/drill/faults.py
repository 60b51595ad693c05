"""`prevention serve` that ends at a chosen write. Only tests start it: nothing in the service itself can turn this on.

While the file that PREVENTION_FAULT_FILE names holds a number n, the process ends at once at the nth moment right before or
right after a write: a statement that changes the database, a commit, an fsync, a rename.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

from classifier.commands import main

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH\b.*\b(INSERT|UPDATE|DELETE))", re.IGNORECASE | re.DOTALL)
_CODE = 87


class Faults:
    """Counts moments, and ends the process at the one that was ordered."""

    def __init__(self, order: Path) -> None:
        self._order, self._count, self._lock = order, 0, threading.Lock()

    def moment(self) -> None:
        """Count a moment."""
        try:
            wanted = int(self._order.read_text())
        except (OSError, ValueError):
            return
        with self._lock:
            self._count += 1
            if self._count == wanted:
                os._exit(_CODE)

    def around(self, write: Callable[..., Any]) -> Callable[..., Any]:
        """Return a write with a moment before it and one after it."""

        def watched(*arguments: Any, **named: Any) -> Any:
            self.moment()
            done = write(*arguments, **named)
            self.moment()
            return done

        return watched


def watch(faults: Faults) -> None:
    """Put moments around every write of this process."""
    os.fsync = faults.around(os.fsync)
    os.replace = faults.around(os.replace)
    changed = threading.local()

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _WRITES.match(statement):
            changed.here = True
            faults.moment()

    def after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if _WRITES.match(statement):
            faults.moment()

    event.listen(Engine, "before_cursor_execute", before)
    event.listen(Engine, "after_cursor_execute", after)
    commit = DefaultDialect.do_commit
    watched = faults.around(commit)

    def do_commit(dialect: DefaultDialect, connection: Any) -> None:
        # A transaction that only read has nothing to lose.
        written, changed.here = getattr(changed, "here", False), False
        (watched if written else commit)(dialect, connection)

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


if __name__ == "__main__":
    watch(Faults(Path(os.environ["PREVENTION_FAULT_FILE"])))
    sys.argv[0] = "prevention"
    main()
