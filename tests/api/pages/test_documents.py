"""The page that lists documents."""

from __future__ import annotations

import httpx

from tests.api.pages.people import visitor
from tests.api.service import RunningService, strategy, submit, wait_for


def made(client: httpx.Client, mark: str, **fields: str) -> str:
    content = (
        strategy(mark) + f"\nThe word {mark} stands in this paragraph about prevention and help at home.\n".encode()
    )
    answer = submit(client, content, f"{mark}.md", **fields).json()
    assert wait_for(client, answer["job_id"])["status"] == "succeeded"
    return str(answer["document_id"])


def test_documents_are_listed_with_their_strength_and_who_reviewed_them(client: httpx.Client, service: RunningService) -> None:  # fmt: skip
    document = made(client, "listed-by-page", authority="Pageham", kind="jhws", year="2031")
    label = client.get(f"/v1/documents/{document}").json()["prediction"]["strength"]
    with visitor(service, client) as page:
        row = page.get(f"/documents/{document}/row")
        for said in (
            "listed-by-page.md",
            "Pageham",
            "jhws 2031",
            label.replace("_", " "),
            f'href="/documents/{document}"',
        ):
            assert said in row.text
        assert "hx-get" not in row.text, "what is scored is not asked for again"
        assert row.text.strip() in page.get("/documents").text
        page.post(f"/v1/documents/{document}/annotations", json={"criteria": {"carers": "yes"}})
        assert "Visitor" in page.get(f"/documents/{document}/row").text
        page.put(f"/v1/documents/{document}/draft", json={"seen_version": 0, "content": {}})
        assert "your draft" in page.get(f"/documents/{document}/row").text


def test_filters_let_through_what_fits(client: httpx.Client, service: RunningService) -> None:
    document = made(client, "pagefilterword")
    with visitor(service, client) as page:
        assert document in page.get("/documents", params={"q": "pagefilterword", "status": "scored"}).text
        assert document not in page.get("/documents", params={"q": "pagefilterword", "status": "failed"}).text
        nothing = page.get("/documents", params={"q": "wordthatnobodywrote"})
        assert "No document fits this filter" in nothing.text
        # An empty or unknown filter lets all through.
        assert document in page.get("/documents", params={"q": "", "status": "", "strength": "invented"}).text


def test_a_document_whose_job_failed_says_why(client: httpx.Client, service: RunningService) -> None:
    answer = submit(client, b"%PDF-1.4\nnot a whole pdf", "broken.pdf").json()
    assert wait_for(client, answer["job_id"])["status"] == "failed"
    with visitor(service, client) as page:
        assert "failed: " in page.get(f"/documents/{answer['document_id']}/row").text
        whole = page.get(f"/documents/{answer['document_id']}")
        assert "It could not be scored" in whole.text


def test_a_viewer_is_offered_no_upload(client: httpx.Client, service: RunningService) -> None:
    with visitor(service, client, "viewer") as page:
        text = page.get("/documents").text
        assert "Choose documents" not in text
        assert page.post("/v1/documents", files={"file": ("a.md", strategy("viewers"))}).status_code == 403
    with visitor(service, client) as page:
        assert "Choose documents" in page.get("/documents").text


def test_many_documents_come_in_pages(client: httpx.Client, service: RunningService) -> None:
    files = [("file", (f"many-{number}.txt", f"Leaflet {number} of a pile. ".encode() * 4)) for number in range(51)]
    answer = client.post("/v1/documents", files=files).json()
    assert len(answer["documents"]) == 51
    with visitor(service, client) as page:
        first = page.get("/documents").text
        assert first.count("<tr id=") == 50
        older = first.split('href="/documents?')[1].split('"')[0].replace("&amp;", "&")
        second = page.get(f"/documents?{older}").text
        assert all(f"row-{one['document_id']}" in first + second for one in answer["documents"])
        assert page.get("/documents?cursor=no-id!").status_code == 422
    client.get(f"/v1/submissions/{answer['submission_id']}", params={"wait": 60})


def test_what_is_not_there_is_a_page_too(client: httpx.Client, service: RunningService) -> None:
    with visitor(service, client) as page:
        for path in ("/documents/doc_none", "/documents/doc_none/row"):
            answer = page.get(path)
            assert answer.status_code == 404
            assert answer.headers["Content-Type"].startswith("text/html")
            assert "no document has the id doc_none" in answer.text
