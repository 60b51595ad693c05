"""A corpus of a few documents on either database, and an engine that scores with the stub in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.corpus.adding import Added, add_documents, manifest_rows
from api.corpus.planning import plan_run
from api.corpus.running import Driver, Outcome
from api.corpus.shard import ShardTask, score_shard
from api.settings import Settings, load_settings
from api.store.audit import COMMAND_LINE
from api.store.files import Files
from classifier.artefact import Artefact, Parts, check_files, current_model
from classifier.cache import Cache
from classifier.staged import StagedScorer
from tests.building import pdf_of
from tests.conftest import ROOT

TEXT = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
TOWNS = ("Alder", "Birch", "Cedar", "Damson", "Elm")


def write_documents(folder: Path) -> None:
    """Write five strategies, one of them a PDF, and a file that is none."""
    folder.mkdir()
    for number, town in enumerate(TOWNS):
        text = TEXT.replace("Saltmarsh", town)
        if number == 0:
            (folder / f"{town}.pdf").write_bytes(pdf_of(text))
        else:
            (folder / f"{town}.md").write_text(text, encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing else")
    rows = [f"{town}.{'pdf' if not n else 'md'},{town},jhws,{2020 + n % 2}" for n, town in enumerate(TOWNS)]
    (folder / "manifest.csv").write_text("\n".join(["file,authority,kind,year", *rows, "broken.pdf,Fir,stp,2016"]), encoding="utf-8")  # fmt: skip


@dataclass
class StubEngine:
    """Scores with the stub, and counts what it was given."""

    parts: Parts
    cache: Cache
    taken: list[int] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        for text in tasks:
            task = ShardTask.model_validate_json(text)
            self.taken.append(task.number)
            yield score_shard(task, StagedScorer(self.parts, self.cache)).model_dump_json()


@dataclass
class Corpus:
    """A store with documents in it."""

    engine: Engine
    settings: Settings
    stub: Artefact

    def scorer(self, **changes: object) -> StubEngine:
        """Return an engine with the stub, or with one that differs in its heads."""
        found = replace(self.stub, **changes)  # type: ignore[arg-type]
        # A run is begun with a model that has a folder; the stub scores in its name.
        parts = Parts(check_files(current_model()).id, found.codebook, found.heads, "stub", lambda: found.passages)
        return StubEngine(parts, Cache(self.settings.cache))

    def begin(self, shard_size: int = 2, **only: str) -> str:
        return plan_run(self.engine, COMMAND_LINE, None, only, shard_size)[0]

    def drive(self, run_id: str, scorer: StubEngine | None = None) -> Outcome:
        return Driver(self.engine, self.settings, run_id, scorer or self.scorer()).drive()


@pytest.fixture
def corpus(engine: Engine, tmp_path: Path, stub: Artefact) -> Corpus:
    """Five strategies and one file that cannot be read."""
    settings = load_settings(data=tmp_path)
    write_documents(tmp_path / "in")
    rows = list(manifest_rows(str(tmp_path / "in/manifest.csv")))
    with Session(engine) as session, session.begin():
        found = list(add_documents(session, Files(settings.files), COMMAND_LINE, rows, leave=False, max_mb=10))  # type: ignore[arg-type]
    assert all(isinstance(one, Added) and one.new for one in found)
    return Corpus(engine, settings, stub)
