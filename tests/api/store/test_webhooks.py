"""Messages to webhooks as rows: written with what they tell, claimed by one, settled once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from api.store.jobs import fail_job
from api.store.tables import Delivery, Job, StoredDocument, Webhook, now
from api.store.webhooks import (
    Message,
    add_delivery,
    add_webhook,
    announce,
    claim_delivery,
    disable_webhook,
    settle_delivery,
)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        add_webhook(session, "https://example.org/", ["job.failed"], "key_1")
        session.commit()
        yield session


def rows(session: Session) -> list[Delivery]:
    return list(session.scalars(select(Delivery).order_by(Delivery.id).execution_options(populate_existing=True)))


def test_a_job_tells_its_end_once_and_only_if_that_is_committed(session: Session) -> None:
    document = StoredDocument(id="doc_1", digest="d", name="a.md", format="markdown", size=1, created=now())
    session.add_all([document, Job(id="job_1", document_id="doc_1", model_id="m", status="queued", stage="waiting", created=now())])  # fmt: skip
    session.commit()
    fail_job(session, "job_1", "gave_up", "a.md: secret words")
    session.rollback()
    assert rows(session) == []
    for _ in range(2):
        fail_job(session, "job_1", "gave_up", "a.md: secret words")
        session.commit()
    (row,) = rows(session)
    assert row.event == "job.failed"
    assert "secret" not in row.body


def test_each_message_is_claimed_by_one(engine: Engine, session: Session) -> None:
    for _ in range(30):
        announce(session, "job.failed", {})
    session.commit()

    def claim_all(_: int) -> list[str]:
        claimed: list[str] = []
        while True:
            with Session(engine) as own, own.begin():
                message = claim_delivery(own)
            if message is None:
                return claimed
            claimed.append(message.id)

    with ThreadPoolExecutor(4) as pool:
        found = [id_ for ids in pool.map(claim_all, range(4)) for id_ in ids]
    assert len(found) == 30
    assert sorted(found) == sorted(row.id for row in rows(session))


def claim_after_a_crash(session: Session) -> tuple[Message, Message]:
    announce(session, "job.failed", {})
    session.commit()
    first = claim_delivery(session)
    assert first is not None
    session.commit()
    assert claim_delivery(session) is None
    session.execute(update(Delivery).values(next_attempt=now() - timedelta(seconds=1)))
    second = claim_delivery(session)
    assert second is not None
    session.commit()
    return first, second


def test_a_claim_that_is_never_settled_comes_again_under_the_same_id(session: Session) -> None:
    first, second = claim_after_a_crash(session)
    assert (first.id, first.body) == (second.id, second.body)
    assert (first.attempt, second.attempt) == (1, 2)
    settle_delivery(session, first, 500, "answered 500", None)
    assert rows(session)[0].status == "waiting", "an attempt that was overtaken changes nothing"
    settle_delivery(session, second, 200, None, None)
    assert rows(session)[0].status == "delivered"


def test_a_webhook_that_is_disabled_gets_nothing(session: Session) -> None:
    webhook = session.scalars(select(Webhook)).one()
    announce(session, "job.failed", {})
    assert disable_webhook(session, webhook.id, "tested")
    assert not disable_webhook(session, webhook.id, "again")
    announce(session, "job.failed", {})
    (row,) = rows(session)
    assert (row.status, row.last_error) == ("given_up", "tested")
    # Written by a job that ended just then, and saw the webhook as it was before.
    add_delivery(session, webhook.id, "job.failed", {})
    session.commit()
    assert claim_delivery(session) is None
    session.commit()
    assert {row.status for row in rows(session)} == {"given_up"}
