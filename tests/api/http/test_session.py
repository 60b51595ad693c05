"""Signing in and out, and what a session is worth."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import update
from sqlalchemy.orm import Session

from api.http.service import SESSION_COOKIE
from api.store.sign_ins import LONGEST
from api.store.tables import Person, SignIn, now
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, post_json

PASSWORD = "four words in a row"
_numbers = itertools.count(2)


def browser(service: RunningService, **headers: str) -> httpx.Client:
    """Return a client without a key that comes from an address of its own, as failures are counted by address."""
    transport = httpx.HTTPTransport(local_address=f"127.0.0.{next(_numbers)}")
    base = f"http://127.0.0.1:{service.port}"
    return httpx.Client(base_url=base, transport=transport, headers=headers, timeout=60)


def add(client: httpx.Client, name: str, role: str = "annotator") -> str:
    """Add a person; return the id."""
    answer = client.post("/v1/people", json={"name": name, "password": PASSWORD, "role": role})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def sign_in(page: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    """Sign in; a changing request then sends the form token."""
    answer = page.post("/v1/session", json={"name": name, "password": password})
    if answer.status_code == 201:
        page.headers["X-Form-Token"] = answer.json()["form_token"]
    return answer


@pytest.fixture
def page(service: RunningService) -> Iterator[httpx.Client]:
    """A browser that nobody has signed in with yet."""
    with browser(service) as found:
        yield found


def test_a_person_signs_in_works_and_signs_out(client: httpx.Client, page: httpx.Client) -> None:
    person = add(client, "Asta", "viewer")
    answer = sign_in(page, " Asta ")
    assert answer.status_code == 201
    assert answer.json() == {"id": person, "name": "Asta", "role": "viewer", "scopes": None, "form_token": page.headers["X-Form-Token"]}  # fmt: skip
    assert page.get("/v1/session").json() == answer.json()
    assert page.get("/v1/models").status_code == 200
    problem(page.get("/v1/keys"), 403, "role_too_low")
    cookie = page.cookies[SESSION_COOKIE]
    gone = page.delete("/v1/session")
    assert gone.status_code == 204
    assert f'{SESSION_COOKIE}=""' in gone.headers["set-cookie"]
    page.cookies.set(SESSION_COOKIE, cookie)
    problem(page.get("/v1/session"), 401, "session_unknown")


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: httpx.Client, service: RunningService) -> None:
    add(client, "Bo")
    for headers, secure in (({}, False), ({"X-Forwarded-Proto": "https"}, True), ({"X-Forwarded-Proto": "http"}, False)):  # fmt: skip
        with browser(service, **headers) as page:
            given = sign_in(page, "Bo").headers["set-cookie"]
        value, *attributes = given.split("; ")
        assert len(value.removeprefix(f"{SESSION_COOKIE}=")) == 43
        expected = {"HttpOnly", "SameSite=lax", "Path=/", f"Max-Age={7 * 24 * 3600}"} | ({"Secure"} if secure else set())  # fmt: skip
        assert set(attributes) == expected


def test_a_session_that_somebody_else_has_laid_out_is_not_taken(client: httpx.Client, page: httpx.Client) -> None:
    add(client, "Cai")
    page.cookies.set(SESSION_COOKIE, "laid-out-by-somebody-else", domain="127.0.0.1")
    given = sign_in(page, "Cai").headers["set-cookie"]
    assert "laid-out" not in given
    first = given.partition("; ")[0].partition("=")[2]
    # Signing in again gives another session, and ends the one before.
    page.cookies.clear()
    page.cookies.set(SESSION_COOKIE, first)
    second = sign_in(page, "Cai").headers["set-cookie"].partition("; ")[0].partition("=")[2]
    assert second != first
    for cookie, status in ((first, 401), (second, 200), ("laid-out-by-somebody-else", 401)):
        page.cookies.clear()
        page.cookies.set(SESSION_COOKIE, cookie)
        assert page.get("/v1/session").status_code == status, cookie


def test_a_session_that_is_old_or_unused_is_over(
    client: httpx.Client, page: httpx.Client, service: RunningService
) -> None:
    person = add(client, "Dag")
    for column in ("expires", "last_used"):
        assert sign_in(page, "Dag").status_code == 201
        assert page.get("/v1/session").status_code == 200
        with service.database() as engine, Session(engine) as session, session.begin():
            session.execute(update(SignIn).where(SignIn.person_id == person).values({column: now() - LONGEST}))
        problem(page.get("/v1/session"), 401, "session_unknown")


def test_a_change_from_another_site_is_refused(client: httpx.Client, page: httpx.Client) -> None:
    add(client, "Eir", "admin")
    sign_in(page, "Eir")
    token = page.headers.pop("X-Form-Token")
    wanted = {"name": "from a form", "role": "viewer"}
    problem(page.post("/v1/keys", json=wanted), 403, "form_token_missing")
    problem(page.post("/v1/keys", json=wanted, headers={"X-Form-Token": token[:-1]}), 403, "form_token_missing")
    assert page.post("/v1/keys", json=wanted, headers={"X-Form-Token": token}).status_code == 201
    # A key is never sent by a browser on its own, so it needs no token, even beside a cookie.
    bearer = {"Authorization": client.headers["Authorization"]}
    assert page.post("/v1/keys", json=wanted, headers=bearer).status_code == 201
    # A form of another site can send this body, but not this content type.
    plain = page.post("/v1/session", content=b'{"name":"Eir","password":"x"}', headers={"Content-Type": "text/plain"})
    problem(plain, 422, "invalid_request")


def test_disabling_ends_all_sessions_and_a_new_password_the_others(
    client: httpx.Client, service: RunningService
) -> None:
    person = add(client, "Finn", "admin")
    with browser(service) as first, browser(service) as second:
        sign_in(first, "Finn")
        sign_in(second, "Finn")
        changed = first.patch(f"/v1/people/{person}", json={"password": "four other words here"})
        assert changed.status_code == 200
        assert first.get("/v1/session").status_code == 200
        problem(second.get("/v1/session"), 401, "session_unknown")
        problem(sign_in(second, "Finn"), 401, "sign_in_failed")
        assert sign_in(second, "Finn", "four other words here").status_code == 201
        assert client.patch(f"/v1/people/{person}", json={"disabled": True}).json()["disabled"] is not None
        for page in (first, second):
            problem(page.get("/v1/session"), 401, "session_unknown")
        problem(sign_in(second, "Finn", "four other words here"), 401, "sign_in_failed")
        assert client.patch(f"/v1/people/{person}", json={"disabled": False}).json()["disabled"] is None
        problem(first.get("/v1/session"), 401, "session_unknown")
        assert sign_in(second, "Finn", "four other words here").status_code == 201


def test_a_wrong_name_and_a_wrong_password_look_the_same(client: httpx.Client, service: RunningService) -> None:
    add(client, "Gro")
    with browser(service) as page:
        answers = [sign_in(page, name, "wrong words in a row") for name in ("Gro", "Nobody")]
    for answer in answers:
        problem(answer, 401, "sign_in_failed")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert answers[0].json() == answers[1].json()


def test_ten_failures_close_the_door_to_a_name_and_to_an_address(client: httpx.Client, service: RunningService) -> None:
    add(client, "Hal")
    add(client, "Ida")
    with browser(service) as page, browser(service) as elsewhere:
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: sign_in(page, "Hal", "wrong words in a row"), range(20)))
        assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 10
        for answer in (sign_in(page, "Hal"), sign_in(page, "Ida"), sign_in(elsewhere, "Hal")):
            problem(answer, 429, "too_many_failures")
            assert 0 < int(answer.headers["retry-after"]) <= 900
        assert sign_in(elsewhere, "Ida").status_code == 201


def test_the_log_of_changes_knows_who_signed_in_and_never_the_password(
    client: httpx.Client, service: RunningService
) -> None:
    person = add(client, "Jon")
    with browser(service) as page:
        sign_in(page, "Jon", "wrong words in a row")
        sign_in(page, "a password in the wrong field", "x")
        right = sign_in(page, "Jon")
        page.delete("/v1/session")
    entries = client.get("/v1/audit", params={"subject": person}).json()["entries"]
    assert [entry["action"] for entry in entries] == ["session.ended", "session.begun", "session.refused", "person.added"]  # fmt: skip
    assert [entry["actor_name"] for entry in entries[:3]] == ["Jon", "Jon", "nobody"]
    assert entries[1]["request_id"] == right.headers["x-request-id"]
    assert entries[1]["after"]["address"].startswith("127.0.0.")
    everything = str(service.rows("SELECT * FROM audit_log")) + service.log.read_text(encoding="utf-8")
    for word in (PASSWORD, "wrong words", "wrong field"):
        assert word not in everything


def test_a_hash_of_old_parameters_is_made_anew(client: httpx.Client, page: httpx.Client, service: RunningService) -> None:  # fmt: skip
    person = add(client, "Kit")
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with service.database() as engine, Session(engine) as session, session.begin():
        session.execute(update(Person).where(Person.id == person).values(password_hash=old))
    assert sign_in(page, "Kit").status_code == 201
    ((held,),) = service.rows(f"SELECT password_hash FROM people WHERE id = '{person}'")
    assert held != old
    assert held.startswith("$argon2id$")
    assert sign_in(page, "Kit").status_code == 201


def test_signing_in_keeps_nobody_else_waiting(client: httpx.Client, service: RunningService) -> None:
    add(client, "Liv")

    def once(_: int) -> int:
        with browser(service) as page:
            return sign_in(page, "Liv").status_code

    with ThreadPoolExecutor(8) as pool:
        signing = [pool.submit(once, number) for number in range(8)]
        times = []
        while not all(one.done() for one in signing):
            begun = time.perf_counter()
            assert client.get("/v1/models").status_code == 200
            times.append(time.perf_counter() - begun)
        assert {one.result() for one in signing} == {201}
    # A loose bound: eight at once would take the processors for about a second.
    assert sorted(times)[len(times) // 2] < 0.5


@pytest.mark.parametrize(
    "body", [{}, {"name": "Asta"}, {"name": "", "password": "x"}, {"name": "A", "password": "x" * 201}, {"name": "\ud800", "password": "x"}, [], "x", None]
)  # fmt: skip
def test_a_sign_in_that_is_none_is_refused_without_showing_it(page: httpx.Client, body: object) -> None:
    found = problem(post_json(page, "/v1/session", body), 422, "invalid_request")
    assert "xxx" not in found.detail


def test_a_body_that_is_too_large_is_not_read(page: httpx.Client) -> None:
    problem(page.post("/v1/session", json={"name": "x" * 100_000, "password": "x"}), 413, "body_too_large")

    def chunks() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(100):
            yield b"x" * 1024

    answer = page.post("/v1/session", content=chunks(), headers={"Content-Type": "application/json"})
    assert "larger than 64 KB" in problem(answer, 413, "body_too_large").detail


@pytest.mark.parametrize("body", [b"\xff", b"[" * 60_000, b'{"name": '])
def test_a_body_that_cannot_be_read_is_told(page: httpx.Client, body: bytes) -> None:
    answer = page.post("/v1/session", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) in [(400, "bad_request"), (422, "invalid_request")]
