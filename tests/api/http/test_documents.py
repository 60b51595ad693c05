"""The plain path and what may go wrong on it, against a running service."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pikepdf
import pytest

from api.http.problems import ProblemDetails
from tests.api.service import RunningService, strategy, submit, wait_for
from tests.conftest import SAMPLE
from tests.test_commands import prevention


def encrypted_pdf() -> bytes:
    """Return a PDF that asks for a password."""
    written = io.BytesIO()
    with pikepdf.open(SAMPLE) as pdf:
        pdf.save(written, encryption=pikepdf.Encryption(owner="a", user="b"))
    return written.getvalue()


def problem(answer: httpx.Response, status: int, code: str) -> ProblemDetails:
    """Return the problem that a response is, after checking that it is this one."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    found = ProblemDetails.model_validate_json(answer.content)
    assert (found.status, found.code) == (status, code)
    return found


def test_a_document_is_submitted_waited_for_and_fetched(client: httpx.Client, tmp_path: Path) -> None:
    # Bytes of its own: other tests of this service submit the sample, too.
    content = SAMPLE.read_bytes() + b"\n% for this test\n"
    path = tmp_path / SAMPLE.name
    path.write_bytes(content)
    answer = submit(client, content, SAMPLE.name, authority="Saltmarsh", kind="jhws", year="2024")
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{body['job_id']}"
    assert int(answer.headers["retry-after"]) >= 1

    job = client.get(answer.headers["location"], params={"wait": 60}).json()
    assert (job["status"], job["stage"], job["error"]) == ("succeeded", "done", None)
    assert job["done"] == job["total"]

    document = client.get(body["links"]["document"]).json()
    assert document["id"] == body["document_id"]
    assert document["digest"] == hashlib.sha256(content).hexdigest()
    assert (document["name"], document["format"], document["pages"]) == (SAMPLE.name, "pdf", 9)
    assert (document["authority"], document["kind"], document["year"]) == ("Saltmarsh", "jhws", 2024)

    printed = prevention("score", path, "--format", "json")
    prediction = client.get(body["links"]["prediction"])
    assert prediction.headers["content-type"] == "application/json"
    assert prediction.text == printed.stdout.removesuffix("\n")

    again = submit(client, content, "another name.pdf")
    assert again.status_code == 200
    assert again.headers["location"] == body["links"]["document"]
    assert (again.json()["document_id"], again.json()["job_id"]) == (body["document_id"], body["job_id"])


def test_the_file_comes_back_as_an_attachment_that_no_browser_runs(client: httpx.Client) -> None:
    content = b"<!doctype html><script>alert(1)</script>" + strategy("of html")
    body = submit(client, content, "a \u201cplan\u201d\r\n<b>.html").json()
    answer = client.get(body["links"]["file"])
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.md", "C:\\plans\\plan.md", "a\x00b\x1b.md", "n" * 500 + ".md", "\u202eplan.md"]
)
def test_a_name_is_only_shown(client: httpx.Client, service: RunningService, name: str) -> None:
    before = {path for path in service.data.parent.rglob("*") if service.data / "files" not in path.parents}
    answer = submit(client, strategy(name.encode().hex()), name)
    assert answer.status_code == 202, answer.text
    shown = client.get(answer.json()["links"]["document"]).json()["name"]
    assert shown.endswith(".md")
    assert len(shown) <= 200
    assert not set(shown) & {"/", "\\", "\x00", "\x1b"}
    after = {path for path in service.data.parent.rglob("*") if service.data / "files" not in path.parents}
    assert {path.name for path in after - before} <= {"prevention.sqlite-wal", "prevention.sqlite-shm"}


def test_documents_are_listed_newest_first_in_pages(client: httpx.Client) -> None:
    made = [submit(client, strategy(f"listed {n}")).json()["document_id"] for n in range(5)]
    listed: list[str] = []
    cursor: dict[str, str] = {}
    while len(listed) < 5:
        page = client.get("/v1/documents", params={"limit": 2, **cursor}).json()
        assert len(page["documents"]) == 2
        listed += [document["id"] for document in page["documents"]]
        cursor = {"cursor": page["next_cursor"]}
    assert listed[:5] == made[::-1]
    assert client.get("/v1/documents", params={"cursor": "doc_0"}).json() == {"documents": [], "next_cursor": None}


def test_many_uploads_of_one_file_are_one_document_and_one_scoring(
    client: httpx.Client, service: RunningService
) -> None:
    content = strategy("sent by fifty at once")
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda n: submit(client, content, f"{n}.md"), range(50)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    (document,) = {answer.json()["document_id"] for answer in answers}
    (job,) = {answer.json()["job_id"] for answer in answers}
    assert wait_for(client, job)["status"] == "succeeded"
    assert service.rows(f"SELECT count(*) FROM predictions WHERE document_id = '{document}'") == [(1,)]
    assert service.rows(f"SELECT count(*) FROM jobs WHERE document_id = '{document}'") == [(1,)]


def test_a_request_that_is_repeated_gets_the_same_answer(client: httpx.Client) -> None:
    def send(mark: str, **fields: str) -> httpx.Response:
        files = {"file": ("plan.md", strategy(mark))}
        return client.post("/v1/documents", files=files, data=fields, headers={"Idempotency-Key": "one"})

    first = send("idempotent", year="2020")
    assert first.status_code == 202
    assert "idempotency-replayed" not in first.headers
    wait_for(client, first.json()["job_id"])
    again = send("idempotent", year="2020")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    problem(send("idempotent", year="2021"), 422, "idempotency_key_reused")
    problem(send("another"), 422, "idempotency_key_reused")


def test_requests_that_are_repeated_at_once_get_the_same_answer(client: httpx.Client) -> None:
    files = {"file": ("plan.md", strategy("repeated at once"))}
    with ThreadPoolExecutor(10) as pool:
        sent = pool.map(
            lambda _: client.post("/v1/documents", files=files, headers={"Idempotency-Key": "many"}), range(10)
        )
        answers = list(sent)
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, answers[0].content)}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


def test_a_key_of_idempotency_belongs_to_whoever_sends_it(client: httpx.Client, service: RunningService, keys: dict[str, str]) -> None:  # fmt: skip
    headers = {"Idempotency-Key": "shared"}
    with service.client(keys["annotator"]) as other:
        for sender, mark in ((client, "mine"), (other, "theirs")):
            answer = sender.post("/v1/documents", files={"file": ("p.md", strategy(mark))}, headers=headers)
            assert answer.status_code == 202


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("empty.pdf", b"", 422, "document_empty"),
        ("blank.md", b" \n", 422, "document_empty"),
        ("words.pdf", b"these are plain words", 415, "damaged_document"),
        ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(100), 415, "unsupported_format"),
        ("picture.md", b"\x89PNG\r\n\x1a\n\0\0\0", 415, "unsupported_format"),
        ("README", b"words without a suffix", 415, "unsupported_format"),
        ("table.docx", b"PK\x03\x04 xl/workbook.xml", 415, "unsupported_format"),
    ],
)
def test_what_is_no_document_is_refused_at_once(
    client: httpx.Client, name: str, content: bytes, status: int, code: str
) -> None:
    found = problem(submit(client, content, name), status, code)
    assert found.detail.startswith(f"{name}: ")
    assert ";" in found.detail


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("broken.pdf", b"%PDF-1.4 nonsense", "damaged_document"),
        ("locked.pdf", encrypted_pdf(), "encrypted_document"),
        ("not really.docx", b"PK\x03\x04 word/ and nothing else", "damaged_document"),
    ],
)
def test_a_document_that_cannot_be_read_fails_with_a_code_and_a_sentence(
    client: httpx.Client, name: str, content: bytes, code: str
) -> None:
    answer = submit(client, content, name)
    assert answer.status_code == 202
    job = wait_for(client, answer.json()["job_id"])
    assert (job["status"], job["error"]["code"]) == ("failed", code)
    assert job["error"]["detail"].startswith(f"{name}: ")
    assert "; " in job["error"]["detail"]
    found = problem(client.get(answer.json()["links"]["prediction"]), 404, "prediction_failed")
    assert job["error"]["detail"] in found.detail
    again = submit(client, content, name)
    assert again.status_code == 202
    assert again.json()["document_id"] == answer.json()["document_id"]
    assert again.json()["job_id"] != answer.json()["job_id"], "a failed document that is sent again is tried again"
    assert wait_for(client, again.json()["job_id"])["status"] == "failed"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"year": "soon"}, "year"),
        ({"year": "3000"}, "year"),
        ({"authority": "x" * 201}, "authority"),
        ({"authority": "a\x00b"}, "authority"),
        ({"source_url": "https://example.org/\x00"}, "source_url"),
        ({"year": "\x00"}, "year"),
        ({"kind": "No Such Kind"}, "kind"),
        ({"source_url": "file:///etc/passwd"}, "source_url"),
        ({"auhtority": "misspelt"}, "auhtority"),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, fields: dict[str, str], named: str) -> None:
    assert problem(submit(client, strategy("fields"), **fields), 422, "invalid_field").detail.startswith(f"{named}: ")


def test_a_request_without_a_document_is_refused(client: httpx.Client) -> None:
    problem(
        client.post("/v1/documents", data={"year": "2020"}, files={"other": ("a.md", b"words")}), 422, "invalid_field"
    )
    problem(client.post("/v1/documents", files={"year": (None, "2020")}), 422, "file_missing")
    problem(client.post("/v1/documents", json={"file": "words"}), 415, "not_a_form")
    problem(client.post("/v1/documents", content=b"nonsense", headers={"Content-Type": "multipart/form-data; boundary=x"}), 422, "invalid_form")  # fmt: skip
    problem(client.post("/v1/documents", content=b"nonsense", headers={"Content-Type": "multipart/form-data"}), 422, "invalid_form")  # fmt: skip


def test_the_limit_holds_whether_the_length_is_announced_or_not(client: httpx.Client) -> None:
    found = problem(submit(client, bytes(2 * 2**20), "big.pdf"), 413, "upload_too_large")
    assert "larger than 1 MB" in found.detail

    def chunks() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.pdf"\r\n\r\n'
        for _ in range(32):
            yield bytes(64 * 1024)
        yield b"\r\n--x--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    problem(client.post("/v1/documents", content=chunks(), headers=headers), 413, "upload_too_large")
    assert submit(client, b"a" * (2**20 + 1), "over.md").status_code == 413
    assert submit(client, b"a" * 2**20, "just.md").status_code == 202


def test_a_stranger_is_refused_before_the_body_is_sent(service: RunningService) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.putrequest("POST", "/v1/documents")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(500_000))
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 401
    assert answer.getheader("WWW-Authenticate") == "Bearer"
    assert json.loads(answer.read())["code"] == "key_missing"
    connection.close()


def test_senders_who_take_their_time_keep_nobody_waiting(client: httpx.Client, service: RunningService) -> None:
    head = f"POST /v1/documents HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {service.key}\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 100000\r\n\r\n-"
    with ExitStack() as slow:
        for _ in range(100):
            sender = slow.enter_context(socket.create_connection(("127.0.0.1", service.port)))
            sender.sendall(head.encode())
        answer = client.post("/v1/documents", files={"file": ("p.md", strategy("among slow ones"))}, timeout=10)
        assert answer.status_code == 202


def test_what_is_not_there_is_a_problem(client: httpx.Client) -> None:
    for path in ("", "/prediction", "/file"):
        problem(client.get(f"/v1/documents/doc_none{path}"), 404, "document_not_found")
    problem(client.get("/v1/jobs/job_none"), 404, "job_not_found")
    problem(client.get("/v1/nothing"), 404, "not_found")
    problem(client.delete("/v1/documents"), 405, "method_not_allowed")
    problem(client.get("/v1/documents", params={"limit": "many"}), 422, "invalid_request")
    for path in (
        "/v1/documents/%00",
        "/v1/jobs/%00",
        "/v1/documents?cursor=%00",
        "/v1/documents/doc_%F0%9F%98%80/file",
    ):
        problem(client.get(path), 422, "invalid_request")


def test_files_lie_under_their_digest(client: httpx.Client, service: RunningService) -> None:
    content = strategy("lies under its digest")
    submit(client, content)
    files = [path for path in (service.data / "files").rglob("*") if path.is_file()]
    for path in files:
        assert path == service.data / "files" / path.name[:2] / hashlib.sha256(path.read_bytes()).hexdigest()
    # Not every document has one here: a corpus's are left where they lie, or came with a release.
    digests = {digest for (digest,) in service.rows("SELECT digest FROM documents")}
    assert hashlib.sha256(content).hexdigest() in digests & {path.name for path in files}
