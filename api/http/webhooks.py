"""Routes under /v1/webhooks: addresses that are told when a job ends."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.addresses import AddressError, resolve
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Admin, ServiceGiven, SessionGiven
from api.store.audit import record
from api.store.tables import Delivery, DeliveryStatus, Webhook
from api.store.webhooks import (
    TEST_EVENT,
    Event,
    add_delivery,
    add_webhook,
    disable_webhook,
    list_deliveries,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

_URL = "https://strategies.example.org/hook"
WebhookId = Annotated[str, Path(max_length=64, pattern=ID_PATTERN, description="as its making answered", examples=["webhook_000644f2c1a3b4"])]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=200, description="how many at most")]
Cursor = Annotated[str | None, Query(max_length=64, pattern=ID_PATTERN, description="`next_cursor` of the page before")]


class NewWebhook(BaseModel):
    """An address to tell, and of what."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(min_length=1, max_length=2000, description="https, a public host", examples=[_URL])
    events: list[Event] = Field(min_length=1, max_length=len(get_args(Event)), examples=[["job.succeeded", "job.failed"]])  # fmt: skip


class WebhookAnswer(BaseModel):
    """A webhook, without its secret."""

    id: str = Field(examples=["webhook_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    url: str = Field(examples=[_URL])
    events: list[str] = Field(examples=[["job.succeeded", "job.failed"]])
    created: datetime
    disabled: datetime | None = Field(description="since when nothing is sent; null while it is in use")
    links: dict[str, str] = Field(examples=[{"deliveries": "/v1/webhooks/webhook_000644f2c1a3b4/deliveries"}])


class MadeWebhook(WebhookAnswer):
    """A webhook that was just made: the only answer that holds its secret."""

    secret: str = Field(description="signs every message (Standard Webhooks); shown once", examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])  # fmt: skip


class WebhookPage(BaseModel):
    """Some of the webhooks, newest first."""

    webhooks: list[WebhookAnswer]
    next_cursor: str | None = Field(description="give it as `cursor` to get those after these; null at the end")


class DeliveryAnswer(BaseModel):
    """A message to a webhook: what it tells, and how sending it went."""

    id: str = Field(description="the header `webhook-id`, the same at each attempt", examples=["delivery_000644f2c1a3b4"])  # fmt: skip
    event: str = Field(examples=["job.succeeded"])
    status: DeliveryStatus
    attempts: int
    next_attempt: datetime | None = Field(description="when it is sent (again); null once it is delivered or given up")
    last_status: int | None = Field(description="status of the last answer; null where there was none", examples=[200])
    last_error: str | None = Field(description="what was wrong with the last attempt", examples=["answered 500"])
    body: str = Field(description="what is sent, as it is signed")
    created: datetime
    finished: datetime | None


class DeliveryPage(BaseModel):
    """Some of the messages to a webhook, newest first."""

    deliveries: list[DeliveryAnswer]
    next_cursor: str | None = Field(description="give it as `cursor` to get those after these; null at the end")


@router.post("", status_code=201, responses=described(401, 403, 422, 503))
def make_webhook(
    given: NewWebhook, request: Request, response: Response, service: ServiceGiven, session: SessionGiven, caller: Admin
) -> MadeWebhook:
    """Have an address told of events. The answer holds the secret that messages are signed with; it is shown this once."""
    try:
        resolve(given.url, private=service.settings.webhook_private)
    except AddressError as error:
        raise Problem(422, "address_refused", str(error)) from error
    webhook = add_webhook(session, given.url, sorted(set(given.events)), caller.id)
    record(session, caller, "webhook.made", webhook.id, after=_state(webhook), request_id=request.state.id)
    made = MadeWebhook(**webhook_answer(webhook).model_dump(), secret=webhook.secret)
    session.commit()
    response.headers["Location"] = made.links["webhook"]
    return made


@router.get("", responses=described(401, 403, 422, 503))
def get_webhooks(session: SessionGiven, _caller: Admin, limit: Limit = 50, cursor: Cursor = None) -> WebhookPage:
    """List webhooks, newest first, disabled ones included."""
    query = select(Webhook).order_by(Webhook.id.desc()).limit(limit + 1)
    rows = session.scalars(query.where(Webhook.id < cursor) if cursor is not None else query).all()
    return WebhookPage(
        webhooks=[webhook_answer(row) for row in rows[:limit]],
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


@router.delete("/{webhook_id}", responses=described(401, 403, 404, 422, 503))
def delete_webhook(webhook_id: WebhookId, request: Request, session: SessionGiven, caller: Admin) -> WebhookAnswer:
    """Disable a webhook: nothing more is sent to it, what waits included. Its deliveries can still be read."""
    before = _state(_find(session, webhook_id))
    if disable_webhook(session, webhook_id, "the webhook was disabled"):
        webhook = _find(session, webhook_id)
        record(
            session, caller, "webhook.disabled", webhook_id, before=before, after=_state(webhook), request_id=request.state.id
        )  # fmt: skip
    session.commit()
    return webhook_answer(_find(session, webhook_id))


@router.post("/{webhook_id}/test", status_code=202, responses=described(401, 403, 404, 409, 422, 503))
def test_webhook(webhook_id: WebhookId, request: Request, session: SessionGiven, caller: Admin) -> DeliveryAnswer:
    """Send a message of the type `webhook.test`; how that went is found among the deliveries."""
    if _find(session, webhook_id).disabled is not None:
        raise Problem(409, "webhook_disabled", f"{webhook_id}: is disabled, so nothing is sent to it; make a new one")
    delivery = add_delivery(session, webhook_id, TEST_EVENT, {"webhook_id": webhook_id})
    record(session, caller, "webhook.tested", webhook_id, after={"delivery": delivery.id}, request_id=request.state.id)
    answer = delivery_answer(delivery)
    session.commit()
    return answer


@router.get("/{webhook_id}/deliveries", responses=described(401, 403, 404, 422, 503))
def get_deliveries(
    webhook_id: WebhookId, session: SessionGiven, _caller: Admin, limit: Limit = 50, cursor: Cursor = None
) -> DeliveryPage:
    """List the messages to a webhook, newest first: what was sent, how often, and what came of it."""
    rows = list_deliveries(session, _find(session, webhook_id).id, limit + 1, cursor)
    return DeliveryPage(
        deliveries=[delivery_answer(row) for row in rows[:limit]],
        next_cursor=rows[limit - 1].id if len(rows) > limit else None,
    )


def webhook_answer(row: Webhook) -> WebhookAnswer:
    """Return a stored webhook as an answer."""
    here = f"/v1/webhooks/{row.id}"
    return WebhookAnswer(
        id=row.id, url=row.url, events=json.loads(row.events), created=row.created, disabled=row.disabled,
        links={"webhook": here, "test": f"{here}/test", "deliveries": f"{here}/deliveries"},
    )  # fmt: skip


def delivery_answer(row: Delivery) -> DeliveryAnswer:
    """Return a stored message as an answer."""
    return DeliveryAnswer.model_validate(row, from_attributes=True)


def _find(session: Session, webhook_id: str) -> Webhook:
    webhook = session.get(Webhook, webhook_id)
    if webhook is None:
        raise Problem(404, "webhook_not_found", f"no webhook has the id {webhook_id}; list them at /v1/webhooks")
    return webhook


def _state(webhook: Webhook) -> dict[str, object]:
    return {"url": webhook.url, "events": json.loads(webhook.events), "disabled": webhook.disabled}
