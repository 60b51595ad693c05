"""Predictions as rows, and side by side with what people said of the same documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from classifier.artefact import Artefact
from classifier.errors import LabelledDataError
from classifier.reading import read_document
from classifier.score import score_document
from classifier.tables.proposals import joined, read_predictions
from classifier.tables.rows import LabelledRow
from tests.conftest import ROOT


def line(name: str, digest: str, label: str | None = "strong", **criteria: Any) -> str:
    return json.dumps(
        {
            "document": {"digest": digest * 64, "file": name, "pages": 3}, "model": "m-1", "codebook_version": "1.0",
            "strength": {"label": label, "evidence": []}, "tiers": {"primary": {"state": "mentioned"}, "tertiary": {"state": "not_enough_text"}},
            "criteria": {key: {"value": value, "evidence": []} for key, value in criteria.items()},
        }
    )  # fmt: skip


def test_what_score_writes_is_read(tmp_path: Path, stub: Artefact) -> None:
    prediction = score_document(read_document(ROOT / "docs/sample/saltmarsh-strategy-2024.md"), stub)
    (tmp_path / "p.json").write_text(json.dumps(prediction.model_dump(mode="json")) + "\n", encoding="utf-8")
    rows, faults = read_predictions(tmp_path)
    assert faults == []
    assert rows[0].document == "saltmarsh-strategy-2024.md"
    assert rows[0].proposed["strength"] == prediction.strength.label
    assert {key for key in rows[0].proposed if key in prediction.criteria} == set(prediction.criteria)
    assert rows[0].proposed["care_act"] in ("yes", "no")


def test_a_bad_line_stops_no_other_and_the_last_of_a_document_counts(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        "\n".join([line("a.pdf", "a", "weak"), '{"document": 1}', "", line("b.pdf", "b", None, vision=None)]),
        encoding="utf-8",
    )
    (tmp_path / "b.json").write_text(
        line("a.pdf", "a", "strong", vision=True, summary="not_applicable"), encoding="utf-8"
    )
    rows, faults = read_predictions(tmp_path)
    assert [(row.document, row.proposed) for row in rows] == [
        ("a.pdf", {"strength": "strong", "primary": "mentioned", "vision": "yes", "summary": "not_applicable"}),
        ("b.pdf", {"primary": "mentioned"}),
    ]
    assert [fault.split(":")[0] for fault in faults] == ["a.jsonl, line 2", "b.json, line 1"]


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelledDataError, match=r"no .json or .jsonl file"):
        read_predictions(tmp_path)
    (tmp_path / "a.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(LabelledDataError, match="no prediction in it"):
        read_predictions(tmp_path)


def test_labels_and_predictions_meet_by_digest_or_by_name(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("\n".join(line(f"{n}.pdf", n) for n in "abcd"), encoding="utf-8")
    predictions, _ = read_predictions(tmp_path / "p.jsonl")
    labels = [
        LabelledRow(document="folder/a.pdf", authority="A", kind="jhws", confirmed={"strength": "weak"}),
        LabelledRow(document="other name", authority="B", kind="stp", digest="b" * 64),
        LabelledRow(document="lost.pdf", authority="C", kind="stp"),
        LabelledRow(document="alone.pdf", authority="D", confirmed={"strength": "weak"}),
    ]
    rows, notes = joined(labels, predictions)
    assert [(row.document, row.kind, row.level("strength"), row.source("strength")) for row in rows] == [
        ("folder/a.pdf", "jhws", "weak", "human"),
        ("other name", "stp", "strong", "model"),
        ("alone.pdf", "", "weak", "human"),
        ("c.pdf", "", "strong", "model"),
        ("d.pdf", "", "strong", "model"),
    ]
    assert rows[0].proposed["strength"] == "strong"
    assert rows[0].source("primary") == "model"
    assert [note.split(" ")[0] for note in notes] == ["lost.pdf", "2"]
