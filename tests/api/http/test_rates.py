"""Requests a minute and room for documents, by caller. The service here is small: two requests a minute and 1 MB."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy.orm import Session

from api.store.keys import make_key
from tests.api.databases import BACKENDS, database_url
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, submit

ROOMY = 1_000


@pytest.fixture(scope="module", params=BACKENDS)
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with low limits."""
    with database_url(request.param) as url:
        limits = {"PREVENTION_RATE_PER_MINUTE": "2", "PREVENTION_QUOTA_MB": "1"}
        running = RunningService(tmp_path_factory.mktemp("small") / "data", url, **limits)
        running.start()
        yield running
        running.stop()


def key(small: RunningService, rate: int | None = ROOMY, quota_mb: int | None = None) -> str:
    """Make a key."""
    with small.database() as engine, Session(engine) as session, session.begin():
        return make_key(session, "limited", "annotator", rate_per_minute=rate, quota_mb=quota_mb)


def document(number: int, size: int = 300 * 1024) -> bytes:
    """Return what looks like a PDF and cannot be read, so that nothing is scored."""
    return b"%PDF-1.4 " + str(number).encode().rjust(size - 9)


def test_a_caller_who_asks_too_often_is_told_when_to_come_back(small: RunningService) -> None:
    with small.client(key(small, rate=None)) as client, small.client(key(small, rate=None)) as other:
        answers = [client.get("/v1/models") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in answers] == ['"minute";r=1', '"minute";r=0', '"minute";r=0']  # fmt: skip
        problem(answers[2], 429, "rate_limited")
        assert 0 < int(answers[2].headers["retry-after"]) <= 30
        assert answers[2].headers["ratelimit-policy"] == '"minute";q=2;w=60'
        assert other.get("/v1/models").status_code == 200, "another key has its own"
        for path in ("/health/live", "/health/ready", "/version", "/openapi.json"):
            assert client.get(path).status_code == 200
            assert "ratelimit" not in client.get(path).headers


def test_a_keys_own_rate_goes_before_the_services(small: RunningService) -> None:
    with small.client(key(small, rate=5)) as client:
        assert [client.get("/v1/models").status_code for _ in range(6)] == [200] * 5 + [429]


def test_who_is_unknown_is_limited_by_address_whatever_the_headers_say(small: RunningService) -> None:
    def ask(address: str, n: int) -> int:
        with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as stranger:
            headers = {"X-Forwarded-For": f"10.0.0.{n}", "Forwarded": f"for=10.0.0.{n}", "Authorization": f"Bearer {n}"}
            return stranger.get(f"http://127.0.0.1:{small.port}/v1/models", headers=headers).status_code

    assert [ask("127.0.0.77", n) for n in range(4)] == [401, 401, 429, 429]
    assert ask("127.0.0.78", 0) == 401
    with small.client(key(small)) as client:
        assert client.get("/v1/models").status_code == 200


def test_a_document_that_does_not_fit_is_refused(small: RunningService) -> None:
    with small.client(key(small)) as client:
        for number in range(3):
            assert submit(client, document(number), "a.pdf").status_code == 202
        found = problem(submit(client, document(3), "b.pdf"), 403, "quota_exceeded")
        assert found.detail.startswith("b.pdf: has 0.3 MB, and limited has used 0.9 of 1 MB; ask")
        refused = hashlib.sha256(document(3)).hexdigest()
        assert not list((small.data / "files").rglob(refused)), "what is refused fills no disk"
        assert submit(client, document(0), "again.pdf").status_code == 202, "what is here already takes no room"
        assert submit(client, document(4, 100 * 1024), "c.pdf").status_code == 202
    with small.client(key(small)) as other:
        assert submit(other, document(3), "b.pdf").status_code == 202


@pytest.mark.parametrize(("quota_mb", "fit"), [(2, 6), (0, 8)])
def test_a_keys_own_quota_goes_before_the_services(small: RunningService, quota_mb: int, fit: int) -> None:
    with small.client(key(small, quota_mb=quota_mb)) as client:
        answers = [submit(client, document(1000 * (quota_mb + 1) + n), "a.pdf").status_code for n in range(8)]
    assert answers == [202] * fit + [403] * (8 - fit)


def test_uploads_at_once_do_not_pass_the_quota_together(small: RunningService) -> None:
    given = key(small)

    def send(number: int) -> int:
        with small.client(given) as client:
            return submit(client, document(number), f"{number}.pdf").status_code

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(100, 112)))
    assert sorted(answers) == [202] * 3 + [403] * 9
    caller = given.partition(".")[0]
    assert small.rows(f"SELECT count(*), sum(size) FROM documents WHERE added_by = '{caller}'") == [(3, 900 * 1024)]
    assert small.rows(f"SELECT count(*) FROM audit_log WHERE actor = '{caller}'") == [(3,)]
