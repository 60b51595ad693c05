"""Work on passwords, which is slow on purpose: off the event loop, and two at a time, so that it starves no other request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

P = ParamSpec("P")
T = TypeVar("T")

# Each takes 64 MB, a processor for a while, and a thread that other requests need. Who waits holds none of them.
_AT_A_TIME = asyncio.Semaphore(2)


async def in_turn(work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do such work when it is its turn, and return what it returns."""
    async with _AT_A_TIME:
        return await run_in_threadpool(work, *arguments, **options)
