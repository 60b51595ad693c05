"""What a document looks like: evidence, passages, pages, report, highlighted PDF."""

from __future__ import annotations

import io
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pikepdf
import pytest
from PIL import Image

from api.page_images import PageImages
from tests.api.http.test_documents import encrypted_pdf, problem
from tests.api.service import RunningService, strategy, submit, wait_for
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def sample(client: httpx.Client) -> str:
    """The sample strategy, scored."""
    body = submit(client, SAMPLE.read_bytes(), SAMPLE.name).json()
    assert wait_for(client, body["job_id"])["status"] == "succeeded"
    found: str = body["document_id"]
    return found


@pytest.fixture(scope="module")
def plain(client: httpx.Client) -> str:
    """A document without pages, scored."""
    body = submit(client, strategy("for its views"), "views.md").json()
    assert wait_for(client, body["job_id"])["status"] == "succeeded"
    found: str = body["document_id"]
    return found


def get(client: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/v1/documents/{path}", params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_the_details_lead_to_everything(client: httpx.Client, sample: str, plain: str) -> None:
    document = get(client, sample)
    prediction = get(client, f"{sample}/prediction")
    assert document["job"]["status"] == "succeeded"
    assert document["prediction"] == {"strength": prediction["strength"]["label"], "set": prediction["strength"]["set"], "model": prediction["model"]}  # fmt: skip
    assert set(document["links"]) == {"document", "prediction", "file", "evidence", "passages", "report", "page", "annotated"}  # fmt: skip
    for link in document["links"].values():
        assert client.get(link).status_code == 200, link
    assert set(get(client, plain)["links"]) == {"document", "prediction", "file", "evidence", "passages", "report"}
    waiting = submit(client, b"%PDF-1.4 no prediction", "none.pdf").json()
    wait_for(client, waiting["job_id"])
    failed = get(client, waiting["document_id"])
    assert (failed["job"]["status"], failed["prediction"]) == ("failed", None)


def test_evidence_is_one_flat_list(client: httpx.Client, sample: str) -> None:
    prediction = get(client, f"{sample}/prediction")
    body = get(client, f"{sample}/evidence")
    assert body["model"] == prediction["model"]
    parts = {"strength": prediction["strength"], **prediction["tiers"], **prediction["criteria"]}
    assert len(body["evidence"]) == sum(len(part["evidence"]) for part in parts.values()) > 10
    for item in body["evidence"]:
        part = parts[item.pop("key")]
        assert item.pop("value") == part.get("label", part.get("state", part.get("value")))
        assert item in part["evidence"]
    tertiary = get(client, f"{sample}/evidence", criterion="tertiary")["evidence"]
    assert {item["key"] for item in tertiary} == {"tertiary"}
    page = tertiary[0]["page"]
    assert {item["page"] for item in get(client, f"{sample}/evidence", page=page)["evidence"]} == {page}
    assert get(client, f"{sample}/evidence", page=2**31 - 1)["evidence"] == []
    found = problem(client.get(f"/v1/documents/{sample}/evidence", params={"criterion": "none_such"}), 422, "criterion_unknown")  # fmt: skip
    assert "tertiary" in found.detail


def test_passages_come_in_order_with_their_probabilities(client: httpx.Client, sample: str) -> None:
    whole = get(client, f"{sample}/passages", limit=500)
    rows = whole["passages"]
    assert whole["next_after"] is None
    assert [row["number"] for row in rows] == list(range(len(rows)))
    assert all(row["probabilities"] and row["boxes"] for row in rows)
    quoted = {item["passage"] for item in get(client, f"{sample}/evidence", criterion="tertiary")["evidence"]}
    assert quoted <= {row["id"] for row in rows}

    paged: list[dict[str, Any]] = []
    after = -1
    while after is not None:
        page = get(client, f"{sample}/passages", limit=7, after=after)
        paged += page["passages"]
        after = page["next_after"]
    assert paged == rows

    likely = get(client, f"{sample}/passages", label="tertiary", least=0.8, limit=500)["passages"]
    assert likely == [row for row in rows if row["probabilities"]["tertiary"] >= 0.8] != []
    on_page = get(client, f"{sample}/passages", page=likely[0]["page"], label="tertiary", least=0.8)["passages"]
    assert on_page == [row for row in likely if row["page"] == likely[0]["page"]]
    problem(client.get(f"/v1/documents/{sample}/passages", params={"label": "none_such"}), 422, "label_unknown")


def test_a_page_is_an_image_that_is_made_once(client: httpx.Client, service: RunningService, sample: str) -> None:
    answer = client.get(f"/v1/documents/{sample}/pages/2.png", params={"width": 400})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.headers["cache-control"] == "private, no-cache"
    with Image.open(io.BytesIO(answer.content)) as image:
        assert (image.format, image.width) == ("PNG", 400)
    digest = get(client, sample)["digest"]
    assert (service.data / "pages" / digest[:2] / f"{digest}-2-400.png").read_bytes() == answer.content
    again = client.get(f"/v1/documents/{sample}/pages/2.png", params={"width": 400})
    assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
    tagged = client.get(f"/v1/documents/{sample}/pages/2.png", params={"width": 400}, headers={"If-None-Match": answer.headers["etag"]})  # fmt: skip
    assert (tagged.status_code, tagged.content) == (304, b"")
    other = client.get(f"/v1/documents/{sample}/pages/2.png", params={"width": 500}, headers={"If-None-Match": answer.headers["etag"]})  # fmt: skip
    assert other.status_code == 200


def test_a_page_that_is_not_there_is_told(client: httpx.Client, sample: str, plain: str) -> None:
    assert "has 9 pages, and no page 10" in problem(client.get(f"/v1/documents/{sample}/pages/10.png"), 404, "page_not_found").detail  # fmt: skip
    problem(client.get(f"/v1/documents/{plain}/pages/1.png"), 404, "no_pages")
    problem(client.get(f"/v1/documents/{plain}/annotated.pdf"), 404, "not_a_pdf")
    for page in ("0.png", "-1.png", "x.png", "99999999999999999999.png", "1.png?width=199", "1.png?width=2001"):
        problem(client.get(f"/v1/documents/{sample}/pages/{page}"), 422, "invalid_request")
    problem(client.get(f"/v1/documents/{sample}/pages/1.jpg"), 404, "not_found")


def test_many_who_look_at_once_all_see(client: httpx.Client, sample: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        widths = [300 + 10 * (n % 4) for n in range(12)]
        answers = list(pool.map(lambda w: client.get(f"/v1/documents/{sample}/pages/3.png", params={"width": w}), widths))  # fmt: skip
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("broken.pdf", b"%PDF-1.4 no pages", "damaged_document"), ("locked.pdf", encrypted_pdf(), "encrypted_document")],
)
def test_a_damaged_file_is_told_by_a_code(client: httpx.Client, name: str, content: bytes, code: str) -> None:
    body = submit(client, content, name).json()
    wait_for(client, body["job_id"])
    document = body["document_id"]
    found = problem(client.get(f"/v1/documents/{document}/pages/1.png"), 422, code)
    assert found.detail.startswith(f"{name}: ")
    for path in ("report.html", "annotated.pdf", "evidence", "passages"):
        problem(client.get(f"/v1/documents/{document}/{path}"), 404, "prediction_failed")


def test_the_report_stands_alone_and_runs_nothing(client: httpx.Client, sample: str, plain: str) -> None:
    for document in (sample, plain):
        answer = client.get(f"/v1/documents/{document}/report.html")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert answer.headers["content-security-policy"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"  # fmt: skip
        assert answer.headers["content-disposition"] == "inline"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not re.search(r"<script|(?:src|href)=\"https?:", answer.text)
    assert "data:image/webp;base64," in client.get(f"/v1/documents/{sample}/report.html").text


def test_the_highlighted_pdf_comes_as_an_attachment(client: httpx.Client, sample: str) -> None:
    answer = client.get(f"/v1/documents/{sample}/annotated.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == f"attachment; filename*=utf-8''{SAMPLE.stem}.annotated.pdf"
    with pikepdf.open(io.BytesIO(answer.content)) as pdf:
        assert sum(len(page.get("/Annots", [])) for page in pdf.pages) > 5


def test_what_is_not_there_is_a_problem(client: httpx.Client) -> None:
    for path in ("evidence", "passages", "pages/1.png", "report.html", "annotated.pdf"):
        problem(client.get(f"/v1/documents/doc_none/{path}"), 404, "document_not_found")
        problem(client.get(f"/v1/documents/%00/{path}"), 422, "invalid_request")


def test_images_of_pages_keep_to_their_room(tmp_path: Path) -> None:
    old = [tmp_path / "cd" / f"{n}.png" for n in range(3)]
    old[0].parent.mkdir()
    for age, path in enumerate(old):
        path.write_bytes(bytes(400_000))
        os.utime(path, (1_000_000 + age, 1_000_000 + age))
    images = PageImages(tmp_path, max_mb=1)
    image = images.page(SAMPLE, "ab" * 32, SAMPLE.name, 2, 300)
    assert (tmp_path / "ab" / f"{'ab' * 32}-2-300.png").read_bytes() == image
    assert [path.exists() for path in old] == [False, True, True], "what was used longest ago goes first"
    assert images.page(tmp_path / "none.pdf", "ab" * 32, "none.pdf", 2, 300) == image, "it is not made again"
