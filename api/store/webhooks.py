"""Webhooks, and the messages to them: written in the transaction of what they tell, claimed and settled by whoever sends them."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.store.tables import Delivery, Webhook, new_id, now

Event = Literal["job.succeeded", "job.failed"]
EVENTS: tuple[Event, ...] = ("job.succeeded", "job.failed")
TEST_EVENT = "webhook.test"
_SECRET_BYTES = 32
_ERROR_LENGTH = 500
# Whoever has claimed a message and has not settled it by then has died: it is sent again, under the same id.
LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Message:
    """A claimed message: what to send where, signed with what. `attempt` counts from 1."""

    id: str
    webhook_id: str
    url: str
    secret: str
    body: str
    attempt: int


def add_webhook(session: Session, url: str, events: Sequence[str], created_by: str) -> Webhook:
    """Store a webhook with a fresh secret."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    webhook = Webhook(
        id=new_id("webhook"), url=url, secret=secret, events=json.dumps(list(events)), created_by=created_by, created=now()
    )  # fmt: skip
    session.add(webhook)
    return webhook


def disable_webhook(session: Session, webhook_id: str, reason: str) -> bool:
    """Send nothing more to a webhook, what waits included; tell whether it was not disabled before."""
    moment = now()
    done = session.execute(
        update(Webhook)
        .where(Webhook.id == webhook_id, Webhook.disabled.is_(None))
        .values(disabled=moment)
        .returning(Webhook.id)
    ).scalar()
    session.execute(
        update(Delivery)
        .where(Delivery.webhook_id == webhook_id, Delivery.status == "waiting")
        .values(status="given_up", finished=moment, next_attempt=None, last_error=reason)
    )
    return done is not None


def announce(session: Session, event: Event, data: Mapping[str, Any]) -> None:
    """Write a message to every webhook that asks for this event, in the caller's transaction."""
    for webhook in session.scalars(select(Webhook).where(Webhook.disabled.is_(None))):
        if event in json.loads(webhook.events):
            add_delivery(session, webhook.id, event, data)


def add_delivery(session: Session, webhook_id: str, event: str, data: Mapping[str, Any]) -> Delivery:
    """Write one message; `data` holds ids and states, and nothing of what a document says."""
    moment = now()
    body = json.dumps({"type": event, "timestamp": moment.isoformat(), "data": dict(data)})
    delivery = Delivery(
        id=new_id("delivery"), webhook_id=webhook_id, event=event, body=body, status="waiting", attempts=0,
        next_attempt=moment, created=moment,
    )  # fmt: skip
    session.add(delivery)
    return delivery


def list_deliveries(
    session: Session, webhook_id: str, limit: int, before: str | None = None
) -> Sequence[Delivery]:  # fmt: skip
    """Return a webhook's messages, newest first; with `before`, those that came before the message of that id."""
    query = select(Delivery).where(Delivery.webhook_id == webhook_id).order_by(Delivery.id.desc()).limit(limit)
    return session.scalars(query.where(Delivery.id < before) if before is not None else query).all()


def count_due(session: Session) -> int:
    """Return how many messages are due; this only reads, so that to ask every second costs SQLite no lock."""
    return session.scalar(select(func.count()).select_from(Delivery).where(*_due(now()))) or 0


def claim_delivery(session: Session) -> Message | None:
    """Take the message that has been due longest; nobody else gets it before the lease is over.

    PostgreSQL passes over rows that another process is taking; SQLite lets one process write at a time.
    """
    moment = now()
    first = (
        select(Delivery.id).where(*_due(moment)).order_by(Delivery.next_attempt).limit(1).with_for_update(skip_locked=True)
    )  # fmt: skip
    row = session.execute(
        update(Delivery)
        .where(Delivery.id == first.scalar_subquery(), *_due(moment))
        .values(attempts=Delivery.attempts + 1, next_attempt=moment + LEASE)
        .returning(Delivery.id, Delivery.webhook_id, Delivery.body, Delivery.attempts)
    ).one_or_none()
    if row is None:
        return None
    webhook = session.get_one(Webhook, row.webhook_id)
    if webhook.disabled is not None:
        disable_webhook(session, webhook.id, "the webhook is disabled")
        return None
    return Message(row.id, webhook.id, webhook.url, webhook.secret, row.body, row.attempts)


def settle_delivery(
    session: Session, message: Message, status: int | None, error: str | None, retry_at: datetime | None
) -> None:
    """Write down how an attempt ended: delivered where there is no error, else tried again at `retry_at` or given up.

    An attempt that was overtaken by another, because its lease was over, changes nothing.
    """
    values: dict[str, Any] = {"last_status": status, "last_error": error and error[:_ERROR_LENGTH], "next_attempt": retry_at}  # fmt: skip
    if retry_at is None:
        values |= {"status": "given_up" if error else "delivered", "finished": now()}
    session.execute(
        update(Delivery)
        .where(Delivery.id == message.id, Delivery.status == "waiting", Delivery.attempts == message.attempt)
        .values(**values)
    )


def _due(moment: datetime) -> tuple[Any, ...]:
    return Delivery.status == "waiting", Delivery.next_attempt <= moment
