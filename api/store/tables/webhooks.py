"""Addresses that are told of events, and every attempt to tell them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.store.tables.base import Moment, Table

DeliveryStatus = Literal["waiting", "delivered", "given_up"]


class Webhook(Table):
    """An address to tell, and the secret that its messages are signed with (Standard Webhooks): it has to be kept as it is."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    secret: Mapped[str] = mapped_column(String(100))
    # A JSON list of event types, such as job.succeeded.
    events: Mapped[str] = mapped_column(Text)
    created_by: Mapped[str] = mapped_column(String(64))
    created: Mapped[datetime] = mapped_column(Moment())
    disabled: Mapped[datetime | None] = mapped_column(Moment())


class Delivery(Table):
    """A message to a webhook: written in the transaction of what it tells, sent afterwards, tried a bounded number of times."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_due", "status", "next_attempt"),
        Index("ix_deliveries_webhook", "webhook_id", "id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id"))
    event: Mapped[str] = mapped_column(String(50))
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt: Mapped[datetime | None] = mapped_column(Moment())
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(String(500))
    created: Mapped[datetime] = mapped_column(Moment())
    finished: Mapped[datetime | None] = mapped_column(Moment())
