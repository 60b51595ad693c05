"""A model folder with one changed byte is refused, by the file's name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from classifier.artefact import (
    CODEBOOK,
    GRAPH,
    HEADS,
    LEXICON,
    MANIFEST,
    TOKENIZER,
    check_files,
    current_model,
    load_artefact,
)
from classifier.errors import ModelError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(current_model(), tmp_path / "model"))


@pytest.mark.parametrize(
    "name", [GRAPH, TOKENIZER, LEXICON, HEADS, CODEBOOK, "README.md", "config.json", "metrics.json"]
)
def test_one_changed_byte_is_refused(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(bytes(data))
    with pytest.raises(ModelError, match=rf"/{name}: altered since training"):
        load_artefact(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / TOKENIZER).unlink()
    with pytest.raises(ModelError, match=rf"/{TOKENIZER}: listed in the manifest but missing"):
        load_artefact(folder)


def test_a_manifest_that_leaves_a_file_out_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["files"][HEADS]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=f"does not list {HEADS}"):
        check_files(folder)


def test_a_manifest_that_points_outside_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["files"]["../secret"] = "0" * 64
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="missing"):
        check_files(folder)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder; run `prevention train"):
        load_artefact(tmp_path)


def test_without_a_pointer_the_next_step_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREVENTION_MODEL", raising=False)
    with pytest.raises(ModelError, match="no model is in use; run `prevention train"):
        current_model(tmp_path)


def test_the_released_model_is_small_and_holds_no_pickle() -> None:
    files = [path for path in current_model().iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 60_000_000
    assert {path.suffix for path in files} <= {".onnx", ".json", ".toml", ".md"}
    assert {path.name for path in files} == {*check_files(current_model()).files, MANIFEST}
