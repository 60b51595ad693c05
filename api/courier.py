"""The courier: sends the messages to webhooks, signed as Standard Webhooks says, and tries again where one fails."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

import httpx
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api.addresses import AddressError, pinned_request, resolve, trusted
from api.settings import Settings
from api.store.audit import record
from api.store.keys import Caller
from api.store.tables import now
from api.store.webhooks import Message, claim_delivery, count_due, disable_webhook, settle_delivery
from classifier import __version__

log = logging.getLogger("prevention.courier")

_POLL_SECONDS = 1.0
_TIMEOUT_SECONDS = 10.0
# Receivers that are slow hold up each other only when there are this many of them.
_AT_A_TIME = 8
# 15 s, 1 min, 4 min and so on: eight attempts take about a day.
_BACKOFF = 4
# Attempts that a crash cut off come on top, up to this many.
_CRASHES = 5
_ITSELF = Caller("courier", "courier", "admin")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended: the answer's status, if there was one, and what was wrong, if anything was."""

    status: int | None
    error: str | None


def signature(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """Return the value of `webhook-signature`: HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


class Courier:
    """Sends what is due until it is stopped. Several processes may have one each."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine, self._settings = engine, settings
        self._ended = threading.Event()
        self._free = threading.Semaphore(_AT_A_TIME)
        self._trusted = trusted()

    def start(self) -> None:
        """Begin to send, in threads of this process."""
        threading.Thread(target=self._run, name="courier", daemon=True).start()

    def stop(self) -> None:
        """Send nothing more. What is under way is sent again by the next courier unless it ends in time."""
        self._ended.set()

    def _run(self) -> None:
        with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="courier") as pool:
            while not self._ended.wait(_POLL_SECONDS):
                try:
                    while not self._ended.is_set() and self._dispatch(pool):
                        pass
                except DBAPIError as error:
                    log.warning("messages could not be looked for: %s", type(error.orig).__name__)

    def _dispatch(self, pool: ThreadPoolExecutor) -> bool:
        """Hand the next message to a free thread; tell whether there may be more."""
        with Session(self._engine) as session:
            if not count_due(session):
                return False
        # Claimed only once a thread is free: a lease runs from the claim.
        self._free.acquire()
        try:
            with Session(self._engine) as session, session.begin():
                message = claim_delivery(session)
            if message is not None:
                pool.submit(self._carry, message)
        except BaseException:
            self._free.release()
            raise
        if message is None:
            self._free.release()
        return True

    def _carry(self, message: Message) -> None:
        try:
            outcome = self._send(message)
            with Session(self._engine) as session, session.begin():
                self._settle(session, message, outcome)
            log.info("message %s: attempt %s, %s", message.id, message.attempt, outcome.error or outcome.status)
        except DBAPIError as error:
            # It stays claimed, and is sent again when the lease is over.
            log.warning("message %s: could not be settled: %s", message.id, type(error.orig).__name__)
        finally:
            self._free.release()

    def _send(self, message: Message) -> Outcome:
        if message.attempt > self._settings.webhook_attempts + _CRASHES:
            return Outcome(None, "the service ended during each of the last attempts")
        try:
            target = resolve(message.url, private=self._settings.webhook_private)
        except AddressError as error:
            return Outcome(None, str(error))
        stamp = int(time.time())
        headers = {
            "Content-Type": "application/json", "User-Agent": f"prevention/{__version__}",
            "webhook-id": message.id, "webhook-timestamp": str(stamp),
            "webhook-signature": signature(message.secret, message.id, stamp, message.body),
        }  # fmt: skip

        async def post() -> int:
            # In an event loop, because there the time for the whole attempt can be bounded, not only for each read. A proxy
            # named by the environment would look the name up anew, so the environment is left out.
            options = {"verify": self._trusted, "trust_env": False, "timeout": None}
            async with asyncio.timeout(_TIMEOUT_SECONDS), httpx.AsyncClient(**options) as client:  # type: ignore[arg-type]
                request = pinned_request(client, "POST", target, headers=headers, content=message.body.encode())
                # The answer's body is nobody's business, and may have no end.
                response = await client.send(request, stream=True)
                await response.aclose()
                return response.status_code

        try:
            status = asyncio.run(post())
        except TimeoutError:
            return Outcome(None, f"no answer within {_TIMEOUT_SECONDS:.0f} s")
        except Exception as error:
            # Whatever a receiver can bring about is its own fault, and is bounded like any other.
            return Outcome(None, f"{type(error).__name__}: {error}")
        return Outcome(status, _fault(status))

    def _settle(self, session: Session, message: Message, outcome: Outcome) -> None:
        settle_delivery(session, message, outcome.status, outcome.error, self._retry_at(message, outcome))
        if outcome.status == HTTPStatus.GONE and disable_webhook(
            session, message.webhook_id, "the webhook answered 410"
        ):
            record(session, _ITSELF, "webhook.disabled", message.webhook_id, after={"reason": "answered 410"})

    def _retry_at(self, message: Message, outcome: Outcome) -> datetime | None:
        if outcome.error is None or outcome.status == HTTPStatus.GONE:
            return None
        if message.attempt >= self._settings.webhook_attempts:
            return None
        # Spread, so that a receiver that comes back is not met by everything at once.
        seconds = self._settings.webhook_retry_seconds * _BACKOFF ** (message.attempt - 1) * random.uniform(0.9, 1.1)  # noqa: S311
        return now() + timedelta(seconds=seconds)


def _fault(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return f"answered {status}" + ("; redirects are not followed" if 300 <= status < 400 else "")
