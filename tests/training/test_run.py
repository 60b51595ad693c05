"""A whole training run on little data: it writes a model that scores, and it repeats itself."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier.artefact import Artefact, check_files, load_artefact
from classifier.codebook import load_codebook
from classifier.encoder import Text
from classifier.errors import LabelledDataError
from classifier.reading import read_document
from classifier.score import score_document
from tests.conftest import SAMPLE
from tests.training.little import write_little_data
from training.config import TrainingConfig
from training.data import load_strategies
from training.encoder import PassageNetwork, network_logits
from training.export import export
from training.hand_labels import import_labels
from training.run import Documents, Trained, hand_labelled, refit, train

CONFIG = TrainingConfig(name="small", epochs=1, limit=96, seed=3)


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred or so passages and fifteen strategies, three of each strength."""
    return write_little_data(tmp_path_factory.mktemp("little") / "data")


@pytest.fixture(scope="module")
def trained(little: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(CONFIG, lambda _: None, data=little, models=tmp_path_factory.mktemp("models"))


def test_a_run_writes_a_model_that_scores(trained: Trained) -> None:
    artefact = load_artefact(trained.folder)
    assert artefact.id == trained.folder.name
    assert score_document(read_document(SAMPLE, ocr=False), artefact).model == artefact.id


def test_the_folder_holds_its_own_story(trained: Trained) -> None:
    assert json.loads((trained.folder / "config.json").read_text()) == CONFIG.model_dump()
    assert json.loads((trained.folder / "metrics.json").read_text()) == json.loads(json.dumps(trained.metrics))
    card = (trained.folder / "README.md").read_text(encoding="utf-8")
    assert card.index("How far to trust it") < card.index("What it is for")
    assert check_files(trained.folder).data_digest in card


def test_the_same_seed_gives_the_same_metrics(trained: Trained, little: Path, tmp_path: Path) -> None:
    again = train(CONFIG, lambda _: None, data=little, models=tmp_path)
    assert again.metrics == trained.metrics
    assert again.folder.name == trained.folder.name


def test_a_refit_from_the_same_strategies_is_the_same_model(trained: Trained, little: Path, tmp_path: Path) -> None:
    again = refit(trained.folder, lambda _: None, data=little, models=tmp_path)
    assert again.folder.name == trained.folder.name
    assert again.metrics == json.loads((trained.folder / "metrics.json").read_text())


def test_a_refit_takes_in_new_document_labels(trained: Trained, little: Path, tmp_path: Path) -> None:
    turned = tmp_path / "data"
    shutil.copytree(little, turned)
    rows = [json.loads(line) for line in (turned / "strategies.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["strength"] = "strong" if row["strength"] == "very_strong" else row["strength"]
    (turned / "strategies.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    again = refit(trained.folder, lambda _: None, data=turned, models=tmp_path / "models")
    assert again.folder.name != trained.folder.name
    assert (again.folder / "model.onnx").read_bytes() == (trained.folder / "model.onnx").read_bytes()
    assert check_files(again.folder).data_digest != check_files(trained.folder).data_digest


def test_strength_is_refitted_from_labels_given_by_hand_alone(trained: Trained, little: Path, tmp_path: Path) -> None:
    """A spreadsheet with nothing but authority, file and strength; tiers keep their heads."""
    rows = load_strategies(little)
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(
            [("authority", "file", "strength"), *((r.authority, r.file, r.strength) for r in rows)]
        )
    codebook = load_codebook(little / "codebook.toml")
    import_labels(tmp_path / "labels.csv", codebook, tmp_path / "in", documents=little / "strategies")
    documents = hand_labelled(tmp_path / "in/labels.jsonl", little / "strategies")
    again = refit(trained.folder, lambda _: None, models=tmp_path / "models", documents=documents)
    before, after = load_artefact(trained.folder), load_artefact(again.folder)
    assert after.heads.strength == before.heads.strength
    assert after.heads.tiers == before.heads.tiers
    fewer = hand_labelled(tmp_path / "in/labels.jsonl", little / "strategies")
    fewer = Documents(fewer.rows[3:], fewer.directory, fewer.described)
    other = refit(trained.folder, lambda _: None, models=tmp_path / "models", documents=fewer)
    assert load_artefact(other.folder).heads.strength != before.heads.strength
    assert "15 documents with labels given by hand" in (again.folder / "README.md").read_text(encoding="utf-8")


def test_too_few_strategies_are_told(trained: Trained, little: Path, tmp_path: Path) -> None:
    few = tmp_path / "data"
    shutil.copytree(little, few)
    lines = (few / "strategies.jsonl").read_text(encoding="utf-8").splitlines()[:4]
    (few / "strategies.jsonl").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(
        LabelledDataError, match="4 documents with a strength label and a file, fewer than 10; add labels"
    ):
        refit(trained.folder, lambda _: None, data=few, models=tmp_path / "models")


def test_the_exported_graph_says_what_the_network_says(tmp_path: Path, model: Artefact) -> None:
    from classifier.artefact import GRAPH, TOKENIZER
    from classifier.encoder import OpenVinoModel

    network = PassageNetwork("all-MiniLM-L6-v2", 7, 0.1).eval()
    export(network, tmp_path)
    texts = [
        Text("Reablement at home for six weeks.", "Home again"),
        Text("The board met."),
        Text("Warm homes for all. " * 30),
    ]
    np.testing.assert_allclose(
        OpenVinoModel(tmp_path / GRAPH, tmp_path / TOKENIZER).logits(texts), network_logits(network, texts), atol=0.05
    )


def test_an_encoder_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from classifier.errors import ConfigurationError

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigurationError, match="encoder '/nowhere/at-all' cannot be loaded"):
        PassageNetwork("/nowhere/at-all", 7, 0.1)
