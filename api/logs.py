"""The log: one line per event on standard error, JSON for programs or text for a terminal. No line holds what a document says.

Our own lines hold a fixed event and named values. A record of another library is cut to its first line, and of an exception only
its class and its place are written: what comes after may quote a document.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from structlog.typing import Processor

LogFormat = Literal["auto", "json", "text"]

_FRAMES = 5
_LONGEST = 300
_LOUD = ("alembic", "httpx", "httpcore", "openai")


def configure_logs(form: LogFormat = "auto") -> None:
    """Send the log of this process, and of the libraries in it, to standard error; `auto` is text on a terminal, else JSON."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        _name_exception,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _first_line],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(as_text)],
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # DBOS writes to the terminal by itself unless its logger has a handler.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)


def place_of(error: BaseException) -> str:
    """Return where an exception was raised, innermost call first."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in reversed(frames))


def _renderer(as_text: bool) -> Processor:
    if as_text:
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="time")
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _name_exception(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write an exception's class and place in the place of the exception."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else sys.exception() if given else None  # fmt: skip
    event.pop("stack_info", None)
    if error is not None:
        event["error"], event["place"] = type(error).__name__, place_of(error)
    return event


def _first_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    lines = str(event["event"]).splitlines() or [""]
    event["event"] = lines[0][:_LONGEST]
    return event
