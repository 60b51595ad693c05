"""The model in use is changed as a whole, only through the gate, and back again; its history is kept."""

from __future__ import annotations

import contextlib
import itertools
import threading
from pathlib import Path

import pytest

from classifier.agreement import Interval
from classifier.artefact import CODEBOOK, GRAPH, HEADS, LEXICON, TOKENIZER, Manifest, file_digest
from classifier.codebook import STRENGTHS
from classifier.errors import ModelError
from classifier.gate import REPORT, TOLERANCES, Compared, GateReport, Role, Verdict, judge, load_report, report_text
from classifier.registry import HISTORY, history, list_models, named_current, promote, rollback


def gain(value: float, low: float, high: float, *, role: Role = "first") -> Compared:
    """A figure that has changed by so much."""
    difference = Interval(value=value, low=low, high=high)
    return Compared(figure="mean F1", items=463, before=0.7, after=0.7 + value, difference=difference, role=role)


def report(model: str, against: str | None, *figures: Compared) -> GateReport:
    """A gate report on these figures."""
    return GateReport(
        model=model, against=against, frozen_set="0" * 64, snapshot="s1", corrections=60, figures=list(figures),
        confusion_before=[[1] * 5] * 5, confusion_after=[[2] * 5] * 5, verdict=judge(figures),
    )  # fmt: skip


def make_model(models: Path, name: str, found: GateReport | None = None) -> None:
    """Write a folder that holds to its manifest."""
    folder = models / name
    folder.mkdir(parents=True)
    for file in (GRAPH, TOKENIZER, LEXICON, HEADS, CODEBOOK):
        (folder / file).write_text(f"{name} {file}", encoding="utf-8")
    if found is not None:
        (folder / REPORT).write_text(found.model_dump_json(), encoding="utf-8")
    files = {path.name: file_digest(path) for path in folder.iterdir()}
    manifest = Manifest(id=name, codebook_version="1.0", data_digest="", encoder="none", files=files)
    (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")


@pytest.fixture
def models(tmp_path: Path) -> Path:
    make_model(tmp_path, "old")
    make_model(tmp_path, "better", report("better", "old", gain(0.05, 0.01, 0.09)))
    make_model(tmp_path, "worse", report("worse", "old", gain(-0.05, -0.09, -0.01)))
    promote("old", by="test", anyway=True, directory=tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("figures", "promoted", "said"),
    [
        ([gain(0.05, 0.01, 0.09)], True, "surely better"),
        ([gain(0.0, -0.01, 0.01)], True, "none is surely worse"),
        ([gain(-0.001, -0.01, 0.01)], False, "worse, and this figure comes first"),
        ([gain(0.01, -TOLERANCES["first"] - 0.01, 0.05)], False, "the loss may be larger than 0.03"),
        ([gain(0.05, 0.01, 0.09), gain(-0.2, -0.3, -0.1, role="beside")], False, "the whole interval is a loss"),
        ([gain(0.0, 0.0, 0.0), gain(-0.01, -0.05, 0.03, role="second")], True, "none is surely worse"),
        ([gain(0.0, 0.0, 0.0), gain(-0.01, -0.07, 0.03, role="second")], False, "larger than 0.06"),
        ([gain(0.0, 0.0, 0.0), gain(0.1, -0.3, 0.4, role="second")], True, "none is surely worse"),
        ([gain(0.05, 0.01, 0.09), gain(-0.2, -0.5, 0.1, role="beside")], True, "surely better"),
    ],
)
def test_the_gate_says_why(figures: list[Compared], promoted: bool, said: str) -> None:
    verdict = judge(figures)
    assert verdict.promoted is promoted
    assert any(said in reason for reason in verdict.reasons), verdict.reasons


def test_a_report_can_be_read(models: Path) -> None:
    found = load_report(models / "worse")
    assert found is not None
    text = report_text(found, STRENGTHS)
    assert text.startswith("# worse is refused\n")
    assert "mean F1 0.700 → 0.650 (gain -0.050, 95 % -0.090 to -0.010, 463 items): the whole interval is a loss" in text
    assert "| very_weak | 2 | 2 | 2 | 2 | 2 |" in text


def test_what_the_gate_let_through_is_promoted_and_rolled_back(models: Path) -> None:
    promote("better", by="Edda", directory=models)
    assert named_current(models) == "better"
    assert [(m.id, m.in_use) for m in list_models(models)] == [("better", True), ("old", False), ("worse", False)]
    assert rollback(by="Edda", directory=models).model == "old"
    assert named_current(models) == "old"
    told = [(change.before, change.model, change.by) for change in history(models)]
    assert told == [(None, "old", "test"), ("old", "better", "Edda"), ("better", "old", "Edda")]


def test_rolling_back_twice_leads_two_models_back(models: Path) -> None:
    promote("better", by="test", directory=models)
    promote("worse", by="test", anyway=True, directory=models)
    assert [rollback(by="test", directory=models).model for _ in range(2)] == ["better", "old"]
    with pytest.raises(ModelError, match="nothing was in use before old"):
        rollback(by="test", directory=models)
    promote("worse", by="test", anyway=True, directory=models)
    assert rollback(by="test", directory=models).model == "old"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("worse", "the gate refused it: mean F1 0.700 → 0.650"),
        ("old", "is in use already"),
        ("none", "no such model in .*; there are: better, old, worse"),
        ("../old", "no such model"),
    ],
)
def test_what_may_not_be_promoted_is_told(models: Path, name: str, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        promote(name, by="test", directory=models)
    assert named_current(models) == "old"
    assert len(history(models)) == 1


def test_a_comparison_with_another_model_does_not_count(models: Path) -> None:
    promote("better", by="test", directory=models)
    make_model(models, "late", report("late", "old", gain(0.05, 0.01, 0.09)))
    with pytest.raises(ModelError, match="was compared with old, and better is in use now"):
        promote("late", by="test", directory=models)
    make_model(models, "new")
    with pytest.raises(ModelError, match="was never compared"):
        promote("new", by="test", directory=models)
    promote("new", by="test", anyway=True, directory=models)


def test_an_altered_model_is_not_put_into_use(models: Path) -> None:
    (models / "better" / HEADS).write_text("altered", encoding="utf-8")
    with pytest.raises(ModelError, match="altered since training"):
        promote("better", by="test", directory=models)


def test_nothing_before_is_told(models: Path) -> None:
    with pytest.raises(ModelError, match="nothing was in use before old"):
        rollback(by="test", directory=models)


def test_a_crash_before_the_pointer_leaves_the_model_that_was_in_use(models: Path) -> None:
    promote("better", by="test", directory=models)
    line = (models / HISTORY).read_text(encoding="utf-8").splitlines()[-1]
    with (models / HISTORY).open("a", encoding="utf-8") as log:
        log.write(line.replace('"better","before":"old"', '"late","before":"better"') + "\n")
    assert rollback(by="test", directory=models).model == "old"


def test_many_at_once_leave_a_history_that_hangs_together(models: Path) -> None:
    def go(name: str) -> None:
        for _ in range(10):
            with contextlib.suppress(ModelError):
                promote(name, by=name, anyway=True, directory=models)

    threads = [threading.Thread(target=go, args=(name,)) for name in ("better", "worse", "old")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = history(models)
    assert all(later.before == earlier.model for earlier, later in itertools.pairwise(told))
    assert named_current(models) == told[-1].model


def test_a_verdict_is_never_without_a_reason() -> None:
    assert all(judge(figures).reasons for figures in ([], [gain(0, 0, 0)], [gain(-1, -1, -1)]))
    assert isinstance(judge([]), Verdict)
