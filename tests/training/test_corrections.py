"""What people corrected becomes labelled data: the newest word of each, decisions first, nothing that people differ on."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from classifier.codebook import Codebook
from classifier.errors import LabelledDataError
from tests.training.little import correction, write_corrections, write_little_data
from training.corrections import load_corrections, settle, training_data, unused
from training.data import in_split, load_passages

_DOCUMENT = {"passage": None, "text": "", "labels": None, "document": "d" * 64}


@pytest.fixture
def little(tmp_path: Path) -> Path:
    return write_little_data(tmp_path / "data", train=30, others=10, each=2)


def test_corrected_passages_are_trained_on(little: Path, codebook: Codebook) -> None:
    write_corrections(little, "1", correction(1), correction(2, labels=[]))
    found = training_data(codebook, little)
    fresh = [p for p in in_split(found.passages, found.splits, "train") if p.origin == "corrected"]
    assert sorted((p.text, tuple(p.labels), p.group) for p in fresh) == [
        ("Reablement at home, in the 1th ward.", ("tertiary",), "authority:Saltmarsh"),
        ("Reablement at home, in the 2th ward.", (), "authority:Saltmarsh"),
    ]
    assert len(found.passages) == len(load_passages(codebook, little)) + 2


def test_a_correction_takes_the_place_of_the_same_text_and_stays_out_of_what_measures(
    little: Path, codebook: Codebook
) -> None:
    splits = training_data(codebook, little).splits
    passages = load_passages(codebook, little)
    trained, held = (in_split(passages, splits, part)[0] for part in ("train", "test"))
    turned = ["loneliness"] if trained.labels != ["loneliness"] else []
    write_corrections(
        little, "1", correction(1, text=trained.text, labels=turned), correction(2, text=f" {held.text.upper()}")
    )
    found = training_data(codebook, little)
    assert len(found.passages) == len(passages)
    (same,) = [p for p in found.passages if p.text == trained.text]
    assert (same.labels, same.origin) == (turned, "corrected")
    assert next(p for p in found.passages if p.id == held.id).labels == held.labels


def test_the_newest_word_of_one_person_counts_and_two_who_differ_need_a_decision() -> None:
    first, later = correction(1, document="a" * 64, labels=["primary"]), correction(2, document="a" * 64, labels=[])
    assert [row.labels for row in settle([first, later], "1.0").passages.values()] == [[]]
    other = correction(3, document="a" * 64, annotator="Otto", labels=["primary"])
    differ = settle([first, later, other], "1.0")
    assert not differ.passages
    assert differ.open == ["plan-3.md: passage 0123456789abcdef"]
    decided = correction(4, document="a" * 64, annotator="Ada", labels=["primary", "emphasis"], decision=True)
    for order in ([first, later, other, decided], [decided, first, later, other]):
        found = settle(order, "1.0")
        assert [row.labels for row in found.passages.values()] == [["primary", "emphasis"]]
        assert not found.open


def test_documents_are_settled_criterion_by_criterion(little: Path, codebook: Codebook) -> None:
    (little / "corrections/documents").mkdir(parents=True)
    (little / f"corrections/documents/{'d' * 64}.md").write_text("# Plan\n", encoding="utf-8")
    said = {"strength": "weak", "primary": "mentioned", "carers": "yes", "summary": "not_applicable"}
    write_corrections(
        little, "1",
        correction(1, **_DOCUMENT, criteria=said),
        correction(2, **_DOCUMENT, criteria={"strength": "weak", "carers": "no"}, annotator="Otto"),
        correction(3, **{**_DOCUMENT, "document": "e" * 64}, criteria={"strength": "strong"}),
    )  # fmt: skip
    found = training_data(codebook, little)
    (row,) = found.documents
    assert (row.strength, row.tiers, row.themes, row.places) == (
        "weak", {"primary": "mentioned"}, {}, {"summary": "not_applicable"},
    )  # fmt: skip
    assert (little / "strategies" / row.file).is_file(), "the file lies where training looks for it"
    assert list(unused(found)) == ["not trained on, because people differ and nobody has decided: plan-2.md: carers"]


def test_labels_of_another_codebook_wait(little: Path, codebook: Codebook) -> None:
    write_corrections(little, "1", correction(1, codebook="0.9"))
    assert not [p for p in training_data(codebook, little).passages if p.origin == "corrected"]
    assert [row.codebook for row in load_corrections(little)] == ["0.9"], "and are kept"


def test_what_does_not_hold_is_told(little: Path, codebook: Codebook) -> None:
    write_corrections(little, "1", correction(1, labels=["fun"]))
    with pytest.raises(LabelledDataError, match=r"correction annotation_0001: unknown labels \['fun'\]"):
        training_data(codebook, little)
    write_corrections(little, "2", correction(1))
    with pytest.raises(LabelledDataError, match="corrections exported twice: annotation_0001"):
        load_corrections(little)
    with pytest.raises(ValidationError, match="neither a document nor a passage"):
        correction(1, criteria={"strength": "weak"})
