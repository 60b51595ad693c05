"""Several documents at once: files, ZIP archives, and the details that are said of them."""

from __future__ import annotations

import io
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.api.http.test_documents import encrypted_pdf, problem
from tests.api.service import RunningService, strategy, submit


def send(client: httpx.Client, *files: tuple[str, bytes], key: str | None = None, **fields: str) -> httpx.Response:
    """Upload several files in one request."""
    headers = {"Idempotency-Key": key} if key is not None else {}
    return client.post("/v1/documents", files=[("file", file) for file in files], data=fields, headers=headers)


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", method) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return written.getvalue()


def kept(service: RunningService) -> set[Path]:
    """Return the files that are kept."""
    return {path for path in (service.data / "files").rglob("*") if path.is_file()}


def codes(body: dict[str, Any]) -> list[str | None]:
    """Return the code of each item's problem, None where it was kept."""
    return [item["problem"]["code"] if item["problem"] else None for item in body["documents"]]


def finished(client: httpx.Client, submission_id: str) -> dict[str, Any]:
    """Wait for a submission and return it."""
    answer = client.get(f"/v1/submissions/{submission_id}", params={"wait": 60})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_several_files_are_each_on_their_own(client: httpx.Client) -> None:
    answer = send(
        client, ("a.md", strategy("several a")), ("empty.md", b""), ("b.pdf", b"%PDF-1.4 nonsense"), ("c.bin", b"\x00\x01"),
        ("d.md", strategy("several d")), ("e.zip", archive({"x.md": strategy("several e")})), authority="Saltmarsh", year="2020", year_end="2024", authority_code="E06000019",
    )  # fmt: skip
    assert answer.status_code == 202
    body = answer.json()
    assert answer.headers["location"] == f"/v1/submissions/{body['submission_id']}" == body["links"]["submission"]
    assert [item["name"] for item in body["documents"]] == ["a.md", "empty.md", "b.pdf", "c.bin", "d.md", "e.zip"]
    assert codes(body) == [None, "document_empty", None, "unsupported_format", None, "archive_beside_files"]
    assert body["documents"][1]["problem"]["status"] == 422
    assert [item["document_id"] is None for item in body["documents"]] == [False, True, False, True, False, True]

    done = finished(client, body["submission_id"])
    assert done["counts"] == {"succeeded": 2, "failed": 1, "refused": 3}
    assert [item["status"] for item in done["documents"]] == ["succeeded", "refused", "failed", "refused", "succeeded", "refused"]  # fmt: skip
    assert done["documents"][2]["error"]["code"] == "damaged_document"
    document = client.get(body["documents"][4]["links"]["document"]).json()
    assert (document["authority"], document["authority_code"], document["year"], document["year_end"]) == ("Saltmarsh", "E06000019", 2020, 2024)  # fmt: skip


def test_one_file_answers_as_ever(client: httpx.Client) -> None:
    answer = submit(client, strategy("one as ever"))
    assert answer.status_code == 202
    assert set(answer.json()) == {"document_id", "job_id", "links"}
    assert set(answer.json()["links"]) == {"document", "prediction", "file", "job"}


def test_the_same_bytes_twice_are_one_document(client: httpx.Client) -> None:
    content = strategy("twice in one")
    first, second = send(client, ("a.md", content), ("b.md", content)).json()["documents"]
    assert (first["document_id"], first["job_id"]) == (second["document_id"], second["job_id"])
    assert (first["name"], second["name"]) == ("a.md", "b.md")


def test_submissions_that_share_documents_do_not_wait_for_each_other(client: httpx.Client) -> None:
    files = [(f"{n}.md", strategy(f"shared {n}")) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: send(client, *(files if n % 2 else files[::-1])), range(6)))
    assert {answer.status_code for answer in answers} == {202}
    ids = [{item["document_id"] for item in answer.json()["documents"]} for answer in answers]
    assert all(found == ids[0] for found in ids)
    assert len(ids[0]) == 6


def test_a_submission_that_is_repeated_gets_the_same_answer(client: httpx.Client) -> None:
    files = (("a.md", strategy("repeated a")), ("b.bin", b"\x00"))
    first = send(client, *files, key="several", year="2020")
    again = send(client, *files, key="several", year="2020")
    assert first.status_code == 202
    assert (again.status_code, again.content, again.headers["location"]) == (202, first.content, first.headers["location"])  # fmt: skip
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    problem(send(client, *files, key="several", year="2021"), 422, "idempotency_key_reused")
    problem(send(client, *files[::-1], key="several", year="2020"), 422, "idempotency_key_reused")
    problem(send(client, files[0], key="several", year="2020"), 422, "idempotency_key_reused")
    one = send(client, files[0], key="one, then several")
    assert one.status_code in (200, 202)
    problem(send(client, *files, key="one, then several"), 422, "idempotency_key_reused")


def test_a_submission_repeated_at_once_is_one(client: httpx.Client) -> None:
    files = [(f"{n}.md", strategy(f"at once {n}")) for n in range(3)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(client, *files, key="several at once"), range(8)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"year": "2024", "year_end": "2023"}, "year_end"),
        ({"year_end": "soon"}, "year_end"),
        ({"authority_code": "e06"}, "authority_code"),
        ({"authority_code": "E0600001999"}, "authority_code"),
    ],
)
def test_a_wrong_detail_refuses_the_request(client: httpx.Client, fields: dict[str, str], named: str) -> None:
    for files in (
        (("a.md", strategy("details")),),
        (("a.md", strategy("details")), ("b.md", strategy("more details"))),
    ):
        assert problem(send(client, *files, **fields), 422, "invalid_field").detail.startswith(f"{named}: ")


def test_an_archive_gives_its_good_members_and_names_the_bad(client: httpx.Client, service: RunningService) -> None:
    outside = {path for path in service.data.parent.rglob("*") if service.data / "files" not in path.parents}
    content = archive(
        {
            "plans/": b"", "plans/one.md": strategy("packed one"), "../../../etc/two.md": strategy("packed two"), "/root/three.md": strategy("packed three"),
            "C:\\plans\\four.md": strategy("packed four"), "__MACOSX/plans/._one.md": b"litter", ".hidden/x.md": b"litter", "plans/.DS_Store": b"\x00litter",
            "inner.zip": archive({"word/x.md": strategy("nested")}, zipfile.ZIP_STORED), "bad.pdf": b"plain words", "locked.pdf": encrypted_pdf(), "empty.md": b"",
        }
    )  # fmt: skip
    answer = submit(client, content, "plans.zip", kind="jhws")
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert [item["name"] for item in body["documents"]] == ["one.md", "two.md", "three.md", "four.md", "inner.zip", "bad.pdf", "locked.pdf", "empty.md"]  # fmt: skip
    assert codes(body) == [None, None, None, None, "nested_archive", "damaged_document", None, "document_empty"]
    assert finished(client, body["submission_id"])["counts"] == {"succeeded": 4, "failed": 1, "refused": 3}
    assert client.get(body["documents"][0]["links"]["document"]).json()["kind"] == "jhws"
    after = {path for path in service.data.parent.rglob("*") if service.data / "files" not in path.parents}
    assert {path.name for path in after - outside} <= {"prevention.sqlite-wal", "prevention.sqlite-shm"}


def _lying(content: bytes) -> bytes:
    """Return an archive whose directory claims that its one member is ten bytes."""
    packed = bytearray(archive({"plan.md": content}))
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    return bytes(packed)


def _locked() -> bytes:
    packed = bytearray(archive({"plan.md": strategy("locked")}))
    entry = packed.rindex(b"PK\x01\x02")
    packed[entry + 8] |= 1
    return bytes(packed)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (_lying(bytes(10_000_000)), "damaged_document"),
        (_locked(), "encrypted_document"),
        (archive({"plan.md": strategy("bzip2")}, zipfile.ZIP_BZIP2), "unsupported_format"),
        (archive({"plan.md": Random(1).randbytes(550_000).hex().encode()}), "document_limit"),
    ],
)
def test_a_member_that_cannot_be_had_is_refused_alone(client: httpx.Client, content: bytes, code: str) -> None:
    with zipfile.ZipFile(written := io.BytesIO(content), "a") as packed:
        packed.writestr("good.md", strategy("beside the bad"))
    body = submit(client, written.getvalue(), "plans.zip").json()
    assert codes(body) == [code, None]


@pytest.mark.parametrize(
    ("members", "status", "code"),
    [
        ({"a.md": strategy("beside a bomb"), "bomb.md": bytes(3 * 2**20)}, 413, "archive_too_large"),
        ({"a.md": strategy("beside many"), **{f"{n}.md": (b"%d " % n) * 150_000 for n in range(10, 20)}}, 413, "archive_too_large"),
        ({f"{n}.md": b"words %d" % n for n in range(201)}, 413, "archive_too_large"),
        ({f"{n}/": b"" for n in range(2001)}, 413, "archive_too_large"),
        ({"plans/": b"", "__MACOSX/a.md": b"litter"}, 422, "archive_empty"),
    ],
)  # fmt: skip
def test_an_archive_past_a_limit_is_refused_whole(
    client: httpx.Client, service: RunningService, members: dict[str, bytes], status: int, code: str
) -> None:
    before = kept(service)
    problem(submit(client, archive(members), "plans.zip"), status, code)
    assert kept(service) == before


def test_an_archive_of_very_many_entries_is_refused_unopened(client: httpx.Client) -> None:
    problem(submit(client, b"PK\x03\x04" + b"PK\x01\x02" * 20_000, "plans.zip"), 413, "archive_too_large")


def test_office_files_and_broken_archives_are_no_archives(client: httpx.Client) -> None:
    for content in (archive({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}), archive({"mimetype": b"application/epub+zip"}), b"PK\x03\x04 broken"):  # fmt: skip
        problem(submit(client, content, "table.xlsx"), 415, "unsupported_format")


def test_an_archive_repeated_gets_the_same_answer(client: httpx.Client) -> None:
    def pack(mark: str) -> httpx.Response:
        files = {"file": ("plans.zip", archive({"a.md": strategy(mark)}))}
        return client.post("/v1/documents", files=files, headers={"Idempotency-Key": "packed"})

    # The time in an archive's members has a step of two seconds, so the same call may give other bytes.
    first = pack("packed once")
    assert first.status_code == 202
    assert len(first.json()["documents"]) == 1
    problem(pack("packed otherwise"), 422, "idempotency_key_reused")


def test_what_was_taken_in_is_in_the_audit_log(client: httpx.Client, service: RunningService) -> None:
    body = send(client, ("a.md", strategy("audited a")), ("b.bin", b"\x00")).json()
    rows = service.rows("SELECT action, subject, after FROM audit_log")
    (made,) = [json.loads(after) for action, subject, after in rows if subject == body["submission_id"]]
    assert made == {"documents": 2, "refused": 1}
    (sent,) = [json.loads(after) for action, subject, after in rows if subject == body["documents"][0]["document_id"]]
    assert (sent["name"], sent["job_id"]) == ("a.md", body["documents"][0]["job_id"])


def test_what_was_answered_survives_a_crash(tmp_path: Path) -> None:
    running = RunningService(tmp_path / "data")
    running.start()
    with running.client() as client:
        body = send(client, *((f"{n}.md", strategy(f"crash {n}")) for n in range(8))).json()
        running.kill()
        running.start()
        assert finished(client, body["submission_id"])["counts"] == {"succeeded": 8}
        problem(client.post("/v1/documents", json={"urls": ["https://example.org/"]}), 422, "fetch_not_allowed")
    running.stop()


def test_a_submission_that_is_not_there_is_a_problem(client: httpx.Client) -> None:
    problem(client.get("/v1/submissions/sub_none"), 404, "submission_not_found")
    problem(client.get("/v1/submissions/%00"), 422, "invalid_request")
