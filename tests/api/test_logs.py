"""The log: one JSON object per line, with ids that lead from a request to its job, and no word of any document."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest

from tests.api.databases import BACKENDS, database_url
from tests.api.service import RunningService, strategy, submit, wait_for
from tests.conftest import SAMPLE

MARK = "Zwiebelkuchen"


def encrypted() -> bytes:
    """Return a PDF that asks for a password, with the mark in it."""
    written = io.BytesIO()
    with pikepdf.open(SAMPLE) as pdf:
        pdf.docinfo["/Title"] = MARK
        pdf.save(written, encryption=pikepdf.Encryption(owner="a", user="b"))
    return written.getvalue()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_log_leads_from_a_request_to_its_job_and_quotes_nothing(tmp_path: Path, backend: str) -> None:
    with database_url(backend) as url:
        service = RunningService(tmp_path / "data", url)
        service.start()
        with service.client() as client:
            good = submit(client, strategy(MARK), f"{MARK}.md", authority=MARK)
            bad = submit(client, encrypted(), f"{MARK}.pdf")
            jobs = [wait_for(client, answer.json()["job_id"]) for answer in (good, bad)]
            client.get("/v1/documents", params={"cursor": MARK, "key": MARK}, headers={"X-Word": MARK})
            submit(client, b"\x00\x01", f"{MARK}.bin")
        service.stop()
        assert [job["status"] for job in jobs] == ["succeeded", "failed"]
        written = service.log.read_text(encoding="utf-8")
        assert MARK not in written
        assert service.key not in written
        assert service.key.partition(".")[2] not in written
        lines = service.lines()
        assert all({"time", "level", "event", "logger"} <= line.keys() for line in lines)
        assert {"prevention.http", "prevention.scoring", "uvicorn.error"} <= {line["logger"] for line in lines}
        for answer, event in ((good, "job succeeded"), (bad, "job failed")):
            (line,) = [line for line in lines if line["event"] == event]
            assert line["job_id"] == answer.json()["job_id"]
            assert line["document_id"] == answer.json()["document_id"]
            assert line["request_id"] == answer.headers["x-request-id"]
            (asked,) = [line for line in lines if line["event"] == "request answered" and line["request_id"] == answer.headers["x-request-id"]]  # fmt: skip
            assert (asked["method"], asked["path"], asked["status"]) == ("POST", "/v1/documents", 202)


def record(form: str) -> str:
    """Return what a process of its own logs of an exception that quotes a document."""
    code = f"""
import logging
from api.logs import configure_logs
configure_logs({form!r})
try:
    raise ValueError("{MARK}")
except ValueError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    logging.getLogger("dbos").warning("failed:\\n{MARK}", exc_info=True)
logging.getLogger("alembic").info("quiet")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("form", ["auto", "json"])
def test_an_exception_is_named_and_not_quoted(form: str) -> None:
    written = record(form)
    assert MARK not in written
    first, second = map(json.loads, written.splitlines())
    assert (first["event"], first["level"], first["error"]) == ("Exception in ASGI application", "error", "ValueError")
    assert first["place"] == "<string>:6 <module>"
    assert (second["event"], second["logger"]) == ("failed:", "dbos")


def test_text_is_for_people() -> None:
    written = record("text")
    assert MARK not in written
    assert "Exception in ASGI application" in written
    with pytest.raises(json.JSONDecodeError):
        json.loads(written.splitlines()[0])
