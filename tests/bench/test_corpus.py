"""What scoring a corpus costs the first time, and again with a new strength head and with a new encoder. Run by `make bench`.

PREVENTION_TEST_PDFS says how many documents of 10 to 80 pages; what is measured is the time inside the stages, summed over the workers.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pypdfium2
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.corpus.adding import ManifestRow, add_documents, manifest_rows
from api.corpus.engines import LocalEngine
from api.corpus.planning import plan_run
from api.corpus.running import Driver
from api.settings import Settings, load_settings
from api.store.audit import COMMAND_LINE
from api.store.database import migrate, open_database
from api.store.files import Files
from classifier.artefact import HEADS, MANIFEST, TOKENIZER, current_model
from tests.drill.corpus import write_corpus

pytestmark = [pytest.mark.bench, pytest.mark.timeout(6 * 3600)]

_DOCUMENTS = int(os.environ.get("PREVENTION_TEST_PDFS", "40"))
_WORKERS = len(os.sched_getaffinity(0))


def altered(folder: Path, name: str) -> Path:
    """Return a copy of the model in use in which one file differs: the strength head, or what the encoder is made of."""
    shutil.copytree(current_model(), folder)
    if name == HEADS:
        heads = json.loads((folder / HEADS).read_bytes())
        heads["strength"]["cuts"] = [cut + 0.5 for cut in heads["strength"]["cuts"]]
        (folder / HEADS).write_text(json.dumps(heads), encoding="utf-8")
    else:
        (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["id"] = folder.name
    manifest["files"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def spent(engine: Engine, settings: Settings, model: Path | None) -> dict[str, float]:
    """Score everything with a model, and return the seconds of each stage."""
    run_id, documents = plan_run(engine, COMMAND_LINE, None if model is None else str(model), {}, 4)
    driver = Driver(engine, settings, run_id, LocalEngine(_WORKERS))
    outcome = driver.drive()
    assert outcome.status == "finished"
    assert driver.progress().scored == documents
    return outcome.seconds


def test_what_is_kept_is_not_worked_out_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pdfs = write_corpus(tmp_path / "in", _DOCUMENTS)
    pages = 0
    for path in pdfs:
        with pypdfium2.PdfDocument(path) as document:
            pages += len(document)
    settings = load_settings(data=tmp_path)
    engine = open_database(settings)
    migrate(engine)
    rows = [row for row in manifest_rows(str(tmp_path / "in")) if isinstance(row, ManifestRow)]
    with Session(engine) as session, session.begin():
        list(add_documents(session, Files(settings.files), COMMAND_LINE, rows, leave=False, max_mb=100))
    first = spent(engine, settings, None)
    head = spent(engine, settings, altered(tmp_path / "other-head", HEADS))
    encoder = spent(engine, settings, altered(tmp_path / "other-encoder", TOKENIZER))
    engine.dispose()
    assert head.keys() == {"strength"}
    whole = sum(first.values())
    kept = {
        path.name: sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) for path in settings.cache.iterdir()
    }
    with capsys.disabled():
        print(f"\ncorpus: {_DOCUMENTS} documents of {pages} pages, {_WORKERS} workers; worker seconds: first {whole:.1f} ({said(first)}), new strength head {sum(head.values()):.2f} ({sum(head.values()) / whole:.2%}), new encoder {sum(encoder.values()):.1f} ({sum(encoder.values()) / whole:.0%}: {said(encoder)})")  # fmt: skip
        print(f"kept, kB a document: {', '.join(f'{name} {size / _DOCUMENTS / 1000:.0f}' for name, size in sorted(kept.items()))}; database {(tmp_path / 'prevention.sqlite').stat().st_size / _DOCUMENTS / 1000:.0f}")  # fmt: skip
    assert sum(head.values()) <= 0.01 * whole
    # The encoder is most of the time, so all that can be saved is the reading (docs/corpus.md).
    assert encoder["reading"] <= 0.2 * first["reading"]
    assert sum(encoder.values()) < whole


def said(seconds: dict[str, float]) -> str:
    """Return the stages' seconds as words."""
    return ", ".join(f"{stage} {value:.1f}" for stage, value in seconds.items())
