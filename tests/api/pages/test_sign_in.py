"""Signing in and out on the pages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.api.http.test_session import PASSWORD, add, browser
from tests.api.pages.people import form_token, visitor
from tests.api.service import RunningService

PAGES = ("/documents", "/documents/doc_1", "/documents/doc_1/row", "/keys", "/documents?q=falls&status=scored")


@pytest.fixture
def page(service: RunningService) -> Iterator[httpx.Client]:
    """A browser that nobody has signed in with yet."""
    with browser(service, Accept="text/html") as found:
        yield found


def sign_in(page: httpx.Client, **form: str) -> httpx.Response:
    return page.post("/sign-in", data=form)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_asks_a_stranger_to_sign_in_and_leads_back(page: httpx.Client, path: str) -> None:
    answer = page.get(path)
    assert answer.status_code == 303
    there = urlsplit(answer.headers["Location"])
    assert there.path == "/sign-in"
    assert parse_qs(there.query)["next"] == [path]


def test_a_person_signs_in_looks_round_and_signs_out(client: httpx.Client, page: httpx.Client) -> None:
    add(client, "Berit", "annotator")
    form = page.get("/sign-in?next=/documents")
    assert form.status_code == 200
    assert 'type="password"' in form.text
    answer = sign_in(page, name="Berit", password=PASSWORD, next="/documents")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/documents")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    listed = page.get("/documents")
    assert "Berit" in listed.text
    assert 'href="/keys"' not in listed.text, "keys are for administrators"
    assert page.get("/sign-in").headers["Location"] == "/documents"

    refused = page.post("/sign-out", data={"form_token": "invented"})
    assert refused.status_code == 403
    assert page.get("/documents").status_code == 200
    out = page.post("/sign-out", data={"form_token": form_token(listed.text)})
    assert (out.status_code, out.headers["Location"]) == (303, "/sign-in")
    assert page.get("/documents").status_code == 303


def test_a_wrong_password_is_told_and_keeps_the_name(client: httpx.Client, page: httpx.Client) -> None:
    add(client, "Dagny", "annotator")
    answer = sign_in(page, name="Dagny", password="something else")
    assert answer.status_code == 401
    assert "the name or the password is wrong" in answer.text
    assert 'value="Dagny"' in answer.text
    assert "something else" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/sign-in", "documents", "", "/a\r\nSet-Cookie: x=1"])  # fmt: skip
def test_nobody_is_led_to_another_place_after_signing_in(client: httpx.Client, service: RunningService, where: str) -> None:  # fmt: skip
    with visitor(service, client) as page:
        answer = page.get("/sign-in", params={"next": where})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/documents")


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}])  # fmt: skip
def test_another_site_signs_nobody_in(client: httpx.Client, service: RunningService, headers: dict[str, str]) -> None:
    name = f"Gro {headers}"[:60]
    add(client, name, "annotator")
    with browser(service) as page:
        answer = page.post("/sign-in", data={"name": name, "password": PASSWORD}, headers=headers)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers


def test_many_failures_close_the_door_for_a_while(page: httpx.Client) -> None:
    for _ in range(10):
        sign_in(page, name="Nobody", password="wrong password")
    answer = sign_in(page, name="Nobody", password="wrong password")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_what_cannot_be_a_form_is_refused(page: httpx.Client) -> None:
    assert sign_in(page, name="x" * 401, password="y").status_code == 422
    assert page.post("/sign-in", content=b"a" * 100_000, headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code in (400, 413)  # fmt: skip


def test_the_first_address_leads_to_the_documents(page: httpx.Client) -> None:
    assert page.get("/").headers["Location"] == "/documents"


def test_pages_let_nothing_run_that_is_not_the_services_own(client: httpx.Client, service: RunningService) -> None:
    with visitor(service, client) as page:
        for path in ("/documents", "/documents/doc_none"):
            policy = page.get(path).headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert page.get(path).headers["Cache-Control"] == "no-store"


def test_a_part_of_a_page_leads_the_whole_page_to_the_form(page: httpx.Client) -> None:
    answer = page.get("/documents/doc_1/row", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")
