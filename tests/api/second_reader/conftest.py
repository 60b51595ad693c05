"""A scripted server for the second reader, and a store with a document that is read and scored."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.second_reader.configuration import ReaderSettings
from api.second_reader.provider import Provider
from api.second_reader.reading import ReadingRun
from api.second_reader.requests import list_readings, put, take
from api.store.results import keep_result, result_of
from api.store.tables import SecondReading, StoredDocument, new_id, now
from classifier.artefact import Artefact
from classifier.reading import Reading
from classifier.score import score_passages
from tests.api.service import free_port
from tests.conftest import ROOT

KEY = "sk-a-secret-that-nobody-sees"


class ScriptedServer:
    """The server's process, what it is told to do, and what it saw."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.script("grounded")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def script(self, ways: str) -> None:
        (self.folder / "script").write_text(ways, encoding="utf-8")

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.api.second_reader.server", str(self.port), str(self.folder)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/")
                break
            except httpx.TransportError:
                time.sleep(0.05)
        (self.folder / "seen.jsonl").unlink()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def seen(self) -> list[dict[str, Any]]:
        path = self.folder / "seen.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[ScriptedServer]:
    """A scripted server that runs."""
    folder = tmp_path / "scripted"
    folder.mkdir()
    server = ScriptedServer(folder)
    server.start()
    yield server
    server.stop()


def keep_document(engine: Engine, model: Artefact, content: bytes, folder: Path, name: str = "plan.md") -> str:
    """Read and score a document and keep what came of it, as the worker does; return its id."""
    path = folder / name
    path.write_bytes(content)
    reading = Reading(path, name=name)
    document = reading.document()
    reading.close()
    result = result_of(document, score_passages(document, model))
    document_id = new_id("doc")
    with Session(engine) as session, session.begin():
        session.add(
            StoredDocument(
                id=document_id, digest=document.digest, name=name, format=document.format, size=len(content), pages=1, created=now()
            )
        )  # fmt: skip
        session.flush()
        keep_result(session, document_id, result)
    return document_id


@dataclass
class Desk:
    """A store with one document, and a second reader that is asked by hand."""

    engine: Engine
    model: Artefact
    folder: Path
    document_id: str

    def settings(self, server: ScriptedServer, **given: Any) -> ReaderSettings:
        return ReaderSettings(url=server.url, model="tiny", key=KEY, **{"seconds": 5.0, "attempts": 2, **given})

    def read(
        self, settings: ReaderSettings, document_id: str = "", put_more: Callable[..., str | None] = put, **asked: Any
    ) -> SecondReading | None:
        """Ask for a reading and carry it out; return what was appended, if anything was."""
        wanted = document_id or self.document_id
        run = ReadingRun(self.engine, settings, Provider(settings), self.model.codebook, self.model.id)
        with Session(self.engine, expire_on_commit=False) as session:
            before = {row.id for row in list_readings(session, wanted, 200)}
            put_more(session, wanted, "key_1", **asked)
            taken = take(session, run.lease)
            session.commit()
            assert taken is not None
            run.run(taken)
            new = [row for row in list_readings(session, wanted, 200) if row.id not in before]
            assert len(new) <= 1
            return new[0] if new else None


PLAN = """# Strategy of Saltmarsh

## Summary

Prevention comes first in all that this board does, and every partner will help people to stay well and at home.

## Priority 1: finding needs early

Nurses will offer health checks to everyone over forty, and find people who are at risk of falls before they fall.

## Places

The borough has eleven wards, two railway stations, and a market that has been held on the same day since 1284.
"""


@pytest.fixture
def desk(engine: Engine, stub: Artefact, tmp_path: Path) -> Desk:
    """A store with one scored document."""
    return Desk(engine, stub, tmp_path, keep_document(engine, stub, PLAN.encode(), tmp_path))
