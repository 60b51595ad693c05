"""Waiting for something in the store to end, without a thread or a session held meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

_FIRST_LOOK, _LAST_LOOK = 0.05, 0.5
Found = TypeVar("Found")


async def wait_until(look: Callable[[], Found], has_ended: Callable[[Found], bool], seconds: float) -> Found:
    """Return what is found as soon as it has ended, or as it is once the seconds have passed."""
    end = time.monotonic() + seconds
    pause = _FIRST_LOOK
    while True:
        # No session is held while waiting, however many wait.
        found = await run_in_threadpool(look)
        left = end - time.monotonic()
        if has_ended(found) or left <= 0:
            return found
        await asyncio.sleep(min(pause, left))
        pause = min(_LAST_LOOK, pause * 1.5)
