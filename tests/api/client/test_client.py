"""The client as a user meets it, against a running service, on good days and bad ones."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.client.front import Trouble, front
from tests.api.service import RunningService, free_port, strategy
from tests.conftest import SAMPLE
from tests.test_commands import prevention, watched


def client_of(service: RunningService, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `prevention client` against the service."""
    given = {"PREVENTION_URL": f"http://127.0.0.1:{service.port}", "PREVENTION_KEY": service.key, **environment}
    return prevention("client", *arguments, **given)


def rows_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """Return the lines of JSON that were printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def write(folder: Path, mark: str) -> Path:
    """Write a short strategy of its own."""
    path = folder / f"{mark.replace(' ', '-')}.md"
    path.write_bytes(strategy(f"for the client {mark}"))
    return path


def test_files_are_submitted_waited_for_and_fetched(service: RunningService, tmp_path: Path) -> None:
    paths = [SAMPLE, write(tmp_path, "plain")]
    sent = client_of(service, "submit", *paths)
    assert sent.returncode == 0, sent.stderr
    assert sent.stderr == ""
    rows = rows_of(sent)
    assert [row["file"] for row in rows] == [str(path) for path in paths]

    waited = client_of(service, "wait", *(row["job_id"] for row in rows))
    assert waited.returncode == 0
    assert [(job["id"], job["status"]) for job in rows_of(waited)] == [(row["job_id"], "succeeded") for row in rows]

    documents = [row["document_id"] for row in rows]
    fetched = client_of(service, "fetch", *documents)
    assert [row["document"]["file"] for row in rows_of(fetched)] == [path.name for path in paths]
    table = client_of(service, "fetch", *documents, "--format", "csv")
    assert table.stdout == prevention("score", *paths, "--format", "csv").stdout
    assert [row["file"] for row in csv.DictReader(io.StringIO(table.stdout))] == [path.name for path in paths]


def test_waiting_prints_what_score_prints(service: RunningService, tmp_path: Path) -> None:
    path = write(tmp_path, "waited for")
    waited = client_of(service, "submit", path, "--wait")
    assert waited.returncode == 0, waited.stderr
    assert waited.stdout == prevention("score", path, "--format", "json").stdout
    assert client_of(service, "submit", path, "--wait").stdout == waited.stdout, "scored already"


def test_results_are_written_where_asked(service: RunningService, tmp_path: Path) -> None:
    write(tmp_path, "one")
    write(tmp_path, "two")
    done = client_of(service, "submit", tmp_path, "--output", tmp_path / "out" / "deep")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert len(done.stderr.splitlines()) == 2
    found = sorted((tmp_path / "out" / "deep").iterdir())
    assert [path.name.rpartition("-")[0] for path in found] == ["one", "two"]
    for path in found:
        assert json.loads(path.read_text(encoding="utf-8"))["document"]["digest"][:8] in path.name


@pytest.mark.parametrize(("form", "begins"), [("html", b"<!doctype html"), ("pdf", b"%PDF-")])
def test_a_report_is_fetched_as_a_file(
    service: RunningService, client: httpx.Client, tmp_path: Path, form: str, begins: bytes
) -> None:
    (row,) = rows_of(client_of(service, "submit", SAMPLE))
    client_of(service, "wait", row["job_id"])
    refused = client_of(service, "fetch", row["document_id"], "--format", form)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "name their folder with --output DIR" in refused.stderr
    routes = client.get("/openapi.json").json()["paths"]
    route = {"html": "report.html", "pdf": "annotated.pdf"}[form]
    if f"/v1/documents/{{document_id}}/{route}" not in routes:
        pytest.skip(f"the service has no {route}")
    done = client_of(service, "fetch", row["document_id"], "--format", form, "--output", tmp_path)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    assert path.read_bytes()[: len(begins)].lower() == begins.lower()


def test_one_bad_file_does_not_stop_the_others(service: RunningService, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.4 nonsense for the client")
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "large.md").write_bytes(b"a" * (2**20 + 2**17))
    good = write(tmp_path, "good")
    bad = [tmp_path / name for name in ("missing.pdf", "broken.pdf", "empty.txt", "large.md")]
    done = client_of(service, "submit", *bad, good, "--wait")
    assert done.returncode == 1
    errors = done.stderr.splitlines()
    assert sorted(line.split(": ")[1] for line in errors) == sorted(path.name for path in bad)
    assert all(line.startswith("prevention: ") and "; " in line for line in errors)
    assert [row["document"]["file"] for row in rows_of(done)] == [good.name]


def test_a_job_that_failed_is_told_by_the_exit_status(service: RunningService, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 waited for in vain")
    (row,) = rows_of(client_of(service, "submit", tmp_path / "bad.pdf"))
    done = client_of(service, "wait", row["job_id"], "job_none")
    assert done.returncode == 1
    assert [job["status"] for job in rows_of(done)] == ["failed"]
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == ["bad.pdf", "no job has the id job_none; an upload answers with its job's id"]  # fmt: skip
    done = client_of(service, "fetch", row["document_id"], "doc_none", "../../version")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 3)


def test_trouble_on_the_way_is_borne_and_nothing_is_sent_twice(service: RunningService, tmp_path: Path) -> None:
    path = write(tmp_path, "on a bad day")
    with front(service.port, "503", "429", "before", "after", "after") as before:
        done = client_of(service, "submit", path, "--wait", PREVENTION_URL=before.url)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert len(before.keys) == 6
    assert len(set(before.keys)) == 1
    (prediction,) = rows_of(done)
    digest = prediction["document"]["digest"]
    assert service.rows(f"SELECT count(*) FROM jobs WHERE document_id IN (SELECT id FROM documents WHERE digest = '{digest}')") == [(1,)]  # fmt: skip


def test_patience_ends(service: RunningService, tmp_path: Path) -> None:
    path = write(tmp_path, "without patience")
    cut: list[Trouble] = ["before"] * 30
    with front(service.port, *cut) as before:
        done = client_of(service, "submit", path, path, "--patience", "1", PREVENTION_URL=before.url)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "does not answer" in done.stderr


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PREVENTION_KEY": ""}, "no key was given; name it with --key, or in PREVENTION_KEY"),
        ({"PREVENTION_KEY": "key_1.wrong"}, "the key is unknown, or has expired"),
        ({"PREVENTION_KEY": "k\u00e9y"}, "the key has characters"),
        ({"PREVENTION_URL": "nowhere"}, "'nowhere': is no address of a service"),
        ({"PREVENTION_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1: does not answer"),
    ],
)
def test_a_wrong_call_is_one_line(service: RunningService, environment: dict[str, str], said: str) -> None:
    done = client_of(service, "submit", SAMPLE, "--patience", "0.5", **environment)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("prevention: ")
    assert said in line


def test_what_is_no_such_service_is_told(service: RunningService) -> None:
    done = client_of(service, "submit", SAMPLE, "--url", f"http://127.0.0.1:{service.port}/elsewhere")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert service.key not in done.stderr
    assert client_of(service, "submit", "--url", f"http://127.0.0.1:{free_port()}").returncode == 2


def test_a_person_sees_bars_and_a_program_does_not(service: RunningService, tmp_path: Path) -> None:
    path = write(tmp_path, "watched")
    path.write_bytes(path.read_bytes() * 40)
    given = {"PREVENTION_URL": f"http://127.0.0.1:{service.port}", "PREVENTION_KEY": service.key}
    done, seen = watched("client", "submit", path, "--wait", **given)
    assert done.returncode == 0, seen
    assert b"uploading" in seen
    assert b"scoring" in seen or b"reading" in seen
    assert json.loads(done.stdout)["document"]["file"] == path.name


def test_the_key_is_not_shown_by_help() -> None:
    done = prevention("client", "submit", "--help", PREVENTION_KEY="key_1.secret")
    assert done.returncode == 0
    assert "key_1.secret" not in done.stdout
