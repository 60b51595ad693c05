"""A list of addresses taken in, by a service that may fetch from this machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.http.test_intake import codes, finished, kept
from tests.api.service import RunningService
from tests.api.web import Web, web


@pytest.fixture(scope="module")
def site() -> Iterator[Web]:
    with web() as running:
        yield running


def send(client: httpx.Client, *urls: str, key: str | None = None, **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/v1/documents", json={"urls": list(urls), **more}, headers=headers)


def test_each_address_is_on_its_own(client: httpx.Client, service: RunningService, site: Web) -> None:
    before = kept(service)
    paths = ["/one.md", "/large", "/slow", "/picture", "/none", "/to?where=http://10.0.0.1/x.md", "/to?where=/two.md", "/endless"]  # fmt: skip
    urls = [*map(site.url, paths), site.url("/three.md", "localhost"), "https://127.0.0.1:1/", "no address"]
    answer = send(client, *urls, authority="Saltmarsh", year=2024, authority_code="QWO", year_end=2029)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert [item["name"] for item in body["documents"]] == urls
    assert codes(body) == [
        None, "upload_too_large", "fetch_failed", "unsupported_format", "fetch_failed", "fetch_not_allowed", None, "upload_too_large",
        "fetch_not_allowed", "fetch_failed", "fetch_not_allowed",
    ]  # fmt: skip
    assert finished(client, body["submission_id"])["counts"] == {"succeeded": 2, "refused": 9}
    document = client.get(body["documents"][0]["links"]["document"]).json()
    assert (document["name"], document["source_url"], document["authority"]) == ("one.md", urls[0], "Saltmarsh")
    assert (document["year"], document["year_end"], document["authority_code"]) == (2024, 2029, "QWO")
    assert len(kept(service) - before) == 2


def test_a_repeated_list_is_not_fetched_again(client: httpx.Client, site: Web) -> None:
    first = send(client, site.url("/repeated.md"), key="list")
    asked = len(site.seen)
    again = send(client, site.url("/repeated.md"), key="list")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(site.seen) == asked
    problem(send(client, site.url("/other.md"), key="list"), 422, "idempotency_key_reused")
    problem(send(client, site.url("/repeated.md"), key="list", year=2020), 422, "idempotency_key_reused")


def test_slow_addresses_keep_nobody_else_waiting(client: httpx.Client, site: Web) -> None:
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(send, client, *(site.url(f"/slow/{n}") for n in range(8)))
        answer = client.get("/v1/models", timeout=2)
        assert answer.status_code == 200
        assert codes(slow.result().json()) == ["fetch_failed"] * 8


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{}", 415, "not_a_form"),
        (b'{"urls": []}', 422, "invalid_field"),
        (b'{"urls": "https://example.org"}', 422, "invalid_field"),
        (b'{"urls": [""]}', 422, "invalid_field"),
        (b'{"urls": [1]}', 422, "invalid_field"),
        (b'{"urls": ["\\ud800"]}', 422, "invalid_field"),
        (b'{"urls": ["https://a"], "authority": "\\u0000"}', 422, "invalid_field"),
        (b'{"urls": ["https://a"], "source_url": "https://b"}', 422, "invalid_field"),
        (b'{"urls": ["https://a"], "year": 99999999999999999999}', 422, "invalid_field"),
        (b'{"urls": ["https://a"], "year": NaN}', 422, "invalid_field"),
        (b'{"urls": ["https://a"], "year": 2020, "year_end": 2019}', 422, "invalid_field"),
        (b'{"urls": [' + b",".join([b'"https://a"'] * 21) + b"]}", 422, "invalid_field"),
        (b"[" * 60_000, 422, "invalid_field"),
        (b"not json", 422, "invalid_field"),
        (b"\xff\xfe", 422, "invalid_field"),
        (b"", 422, "invalid_field"),
        (b" " * 70_000, 413, "upload_too_large"),
    ],
)
def test_a_list_that_is_none_is_refused(client: httpx.Client, body: bytes, status: int, code: str) -> None:
    answer = client.post("/v1/documents", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    problem(answer, status, code)


def test_an_address_with_odd_characters_is_an_item_refused(client: httpx.Client) -> None:
    urls = [
        "https://\x00/",
        "https://a\n/",
        "https://\U0001f600/",
        "https://" + "a" * 300 + "/",
        "https://127.0.0.1:0/",
    ]
    assert codes(send(client, *urls).json()) == ["fetch_not_allowed"] * 5
