"""Words that strangers choose: they are shown as words, wherever they come in."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

import httpx
import pytest

from tests.api.pages.people import visitor
from tests.api.service import RunningService, submit, wait_for

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    '" onfocus="alert(1)" autofocus="',
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% for x in [1] %}",
    "${alert(1)}",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</mark></p><iframe srcdoc='<script>alert(1)</script>'>",
    '<a hx-get="/v1/keys" hx-trigger="load">',
    "<meta http-equiv=refresh content=0;url=https://evil.example>",
    "<base href=https://evil.example>",
    "<form action=https://evil.example><button>",
    "\u2028alert(1)//\u2029",
    "\u202e<script>alert(1)</script>",
    "<ſcript>alert(1)</ſcript>",
    "<link rel=stylesheet href=https://evil.example>",
]


class Elements(HTMLParser):
    """What a browser would make of a page: its elements with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.found.append((tag, dict(attrs)))


def check(text: str) -> None:
    """Find nothing on a page that could run or lead away, whatever has been written into it."""
    for tag, attributes in Elements(text).found:
        assert tag not in ("iframe", "svg/onload=alert(1)", "base", "object", "embed", "style", "img"), tag
        assert not [name for name in attributes if name.startswith("on") or name == "style" or name == "srcdoc"], (
            attributes
        )
        if tag == "script":
            assert attributes.get("type") == "application/json" or str(attributes["src"]).startswith("/static/")
        for name in ("href", "src", "action", "hx-get"):
            assert str(attributes.get(name, "/")).startswith(("/", "#")), attributes
    assert "evil.example" not in " ".join(str(a) for tag, a in Elements(text).found if tag in ("meta", "link", "form"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_words_in_names_details_text_and_notes_are_words_on_every_page(
    client: httpx.Client, service: RunningService, payload: str
) -> None:
    body = f"# {payload}\n\n## Prevention {payload}\n\nThe board puts prevention first {payload} and helps people at risk early with health checks and reablement at home for all.\n"
    clean = "".join(c for c in payload if c.isprintable())
    made = submit(client, body.encode(), f"{payload.replace('/', '_')}.md", authority=clean or "x").json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    document = made["document_id"]
    said = {"criteria": {"carers": "yes"}, "note": f"note {payload}"}
    assert client.post(f"/v1/documents/{document}/annotations", json=said).status_code == 201
    with visitor(service, client) as page:
        draft = {"seen_version": 0, "content": {"note": payload}}
        assert page.put(f"/v1/documents/{document}/draft", json=draft).status_code == 200
        pages = [page.get(path).text for path in (f"/documents/{document}", f"/documents/{document}/row", "/documents")]
        pages.append(page.get("/documents", params={"q": payload}).text)
        pages.append(page.get("/sign-in", params={"next": payload}).text)
        pages.append(page.get(f"/documents/{payload.replace('/', '_')}").text)
        for text in pages:
            check(text)
        data = re.search(r'id="review-data">(.*?)</script>', pages[0], re.DOTALL)
        assert data is not None
        assert json.loads(data[1])["draft"]["content"]["note"] == payload
        assert f"note {payload}" in html.unescape(pages[0])


@pytest.mark.parametrize("payload", PAYLOADS[:10])
def test_names_of_people_and_keys_are_words(client: httpx.Client, service: RunningService, payload: str) -> None:
    made = client.post("/v1/keys", json={"name": payload, "role": "viewer"})
    assert made.status_code == 201
    with visitor(service, client, "admin") as page:
        text = page.get("/keys").text
        check(text)
        assert payload in html.unescape(text)


@pytest.mark.parametrize("payload", PAYLOADS[:10])
def test_a_name_that_is_typed_wrongly_comes_back_as_words(service: RunningService, client: httpx.Client, payload: str) -> None:  # fmt: skip
    with visitor(service, client) as page:
        page.cookies.clear()
        text = page.post("/sign-in", data={"name": payload, "password": payload, "next": payload}).text
        check(text)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_another_site_changes_no_draft(client: httpx.Client, service: RunningService, method: str) -> None:
    made = submit(client, b"# Plan\n\nPrevention first for all people at risk, with reablement at home.", "x.md").json()
    wait_for(client, made["job_id"])
    with visitor(service, client) as page:
        del page.headers["X-Form-Token"]
        where = f"/v1/documents/{made['document_id']}/draft"
        answer = page.request(method, where, json={"seen_version": 0, "content": {}})
        assert (answer.status_code, answer.json()["code"]) == (403, "form_token_missing")
        assert page.post(f"/v1/documents/{made['document_id']}/quotes", json={"page": 1, "text": "Prevention"}).status_code == 403  # fmt: skip
