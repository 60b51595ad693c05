"""Labels that are doubted, and labels that a new codebook leaves behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.artefact import Artefact, file_digest
from classifier.codebook import STRENGTHS, Codebook
from classifier.errors import LabelledDataError
from tests.conftest import ROOT
from tests.training.little import correction
from training.data import DATA, HandLabels, LabelledPassage, load_strategies
from training.doubts import changed_meanings, find_codebooks, find_doubts, outdated


def test_a_label_that_was_turned_round_is_doubted_first(stub: Artefact) -> None:
    rows = [r for level in STRENGTHS for r in [s for s in load_strategies() if s.strength == level][:4]]
    before = find_doubts(rows, DATA / "strategies", stub)
    turned = max((r for r in rows if r.strength == "very_strong"), key=lambda r: len((DATA / "strategies" / r.file).read_text(encoding="utf-8")))  # fmt: skip
    wrong = [r.model_copy(update={"strength": "very_weak"}) if r is turned else r for r in rows]
    after = find_doubts(wrong, DATA / "strategies", stub)
    assert [d.steps for d in after] == sorted((d.steps for d in after), reverse=True)
    (found,) = [d for d in after if d.file == turned.file and d.criterion == "strength"]
    assert found.given == "very_weak"
    assert found.steps >= 1
    assert found.document == file_digest(DATA / "strategies" / turned.file)
    assert not [d for d in before if d.file == turned.file and d.criterion == "strength" and d.given == "very_weak"]
    assert {d.criterion for d in after} <= {"strength", "primary", "secondary", "tertiary"}


def test_too_few_labels_are_told(stub: Artefact) -> None:
    with pytest.raises(LabelledDataError, match="fewer than 10 documents"):
        find_doubts(load_strategies()[:5], DATA / "strategies", stub)


def _next_version(codebook: Codebook) -> Codebook:
    """The codebook after a change: carers mean something else, and so does the passage label loneliness."""
    given = codebook.model_dump()
    given["version"] = "2.0"
    for criterion in given["criteria"]:
        if criterion["key"] == "carers":
            criterion["definition"] = "Only unpaid carers count."
    for label in given["passage_labels"]:
        if label["key"] == "loneliness":
            label["definition"] = "Loneliness as a priority."
    return Codebook.model_validate(given)


def test_only_what_has_changed_is_to_be_labelled_anew(codebook: Codebook) -> None:
    new = _next_version(codebook)
    assert changed_meanings(codebook, new) == (frozenset({"carers"}), frozenset({"loneliness"}))
    passages = [
        LabelledPassage(
            id=f"p{version}", group="g", origin="invented", text="Befriending.", labels=[], codebook=version
        )
        for version in ("1.0", "2.0")
    ]
    documents = [
        HandLabels(authority="Ashby", file="a.pdf", strength="weak", source="sheet", themes={"carers": True}),
        HandLabels(authority="Ashby", file="b.pdf", strength="weak", source="sheet"),
    ]
    document = {"passage": None, "text": "", "labels": None}
    corrections = [
        correction(1), correction(2, **document, criteria={"strength": "weak"}),
        correction(3, **document, criteria={"carers": "no"}), correction(4, codebook="2.0"),
    ]  # fmt: skip
    found = list(outdated(passages, documents, corrections, new, {"1.0": codebook}))
    assert [(row.what, row.version, row.changed) for row in found] == [
        ("passage p1.0", "1.0", ["loneliness"]),
        ("document a.pdf", "1.0", ["carers"]),
        ("correction annotation_0001 of plan-1.md", "1.0", ["loneliness"]),
        ("correction annotation_0003 of plan-3.md", "1.0", ["carers"]),
    ]
    unknown = list(outdated(passages[:1], [], [], new, {}))
    assert unknown[0].changed == sorted(codebook.labels), "what is not known to be the same has to be labelled anew"
    assert not list(outdated(passages[:1], documents, corrections[:3], codebook, {}))


def test_what_is_asked_anew_was_never_answered(codebook: Codebook) -> None:
    given = codebook.model_dump()
    given["criteria"] = [*given["criteria"], {**given["criteria"][-1], "key": "falls_prevention"}]
    new = Codebook.model_validate({**given, "version": "1.1"})
    rows = [HandLabels(authority="Ashby", file="a.pdf", strength="weak", source="sheet")]
    found = list(outdated([], rows, [], new, {"1.0": codebook}))
    assert [row.changed for row in found] == [["falls_prevention"]]


def test_codebooks_are_found_with_the_models(codebook: Codebook, tmp_path: Path) -> None:
    assert find_codebooks(ROOT / "models")["1.0"] == codebook
    assert find_codebooks(tmp_path, DATA / "codebook.toml") == {"1.0": codebook}
