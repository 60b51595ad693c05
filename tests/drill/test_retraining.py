"""The ring closed with real training: a model that learned from wrong labels is corrected, retrained, let through; a worse one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from classifier.artefact import check_files
from classifier.codebook import load_codebook
from classifier.correction import Correction
from classifier.errors import ModelError
from classifier.gate import REPORT_TEXT, load_report
from classifier.registry import named_current, promote, rollback
from tests.training.little import correction, write_corrections, write_little_data
from training.commands import compare
from training.commands import train as train_command
from training.data import LabelledPassage, load_passages, load_splits
from training.snapshots import check_snapshot

pytestmark = pytest.mark.drill

_CONFIG = 'name = "drill"\nepochs = 4\nseed = 3\nlearning_rate = 1.2e-4\n'
_WRONG = 60


@pytest.mark.timeout(1500)
def test_sixty_corrections_raise_a_weakened_model_and_a_worse_one_is_refused(tmp_path: Path) -> None:
    data, models, config = write_little_data(tmp_path / "data", train=200, others=250, each=2), tmp_path / "models", tmp_path / "run.toml"  # fmt: skip
    config.write_text(_CONFIG, encoding="utf-8")
    right = _weaken(data)
    train_command(config, models=models, data=data)
    weak = named_current(models)
    assert weak is not None
    first = load_report(models / weak)
    assert first is not None
    assert first.against is None

    write_corrections(data, "export_1", *(_corrected(n, passage) for n, passage in enumerate(right)))
    train_command(config, models=models, data=data)
    better = named_current(models)
    assert better not in (None, weak)
    report = load_report(models / str(better))
    assert report is not None
    assert (report.against, report.verdict.promoted, report.corrections) == (weak, True, _WRONG)
    f1 = report.figures[0]
    assert f1.difference.low > 0, report.verdict
    print(f"\nmean F1 {f1.before} → {f1.after}: {f1.difference}")
    snapshot = json.loads((models / str(better) / "snapshot.json").read_bytes())
    assert check_snapshot(data / "snapshots" / snapshot["id"]).new_corrections == snapshot["new_corrections"]
    assert len(snapshot["new_corrections"]) == _WRONG
    assert check_files(models / str(better)).files[REPORT_TEXT]

    with pytest.raises(typer.Exit) as refused:
        compare(weak, folder=models, data=data)
    assert refused.value.exit_code == 1
    with pytest.raises(ModelError, match=r"the gate refused it: mean F1 of 5 passage labels"):
        promote(weak, by="drill", directory=models)
    assert rollback(by="drill", directory=models).model == weak
    assert named_current(models) == weak


def _weaken(data: Path) -> list[LabelledPassage]:
    """Label sixty passages that are trained on wrongly: each with what it is not; return them as they were."""
    path, splits = data / "passages/few.jsonl", load_splits(data)
    passages = load_passages(load_codebook(data / "codebook.toml"), data)
    labelled = [p for p in passages if splits[p.group] == "train" and p.labels]
    right = labelled[:_WRONG]
    assert len(right) == _WRONG
    wrong = {p.id: p.model_copy(update={"labels": _turned(p.labels)}) for p in right}
    path.write_text("".join(wrong.get(p.id, p).model_dump_json() + "\n" for p in passages), encoding="utf-8")
    return right


def _turned(labels: list[str]) -> list[str]:
    return [label for label in ("primary", "secondary", "tertiary", "emphasis", "integration") if label not in labels]


def _corrected(number: int, passage: LabelledPassage) -> Correction:
    return correction(number, text=passage.text, heading=passage.heading, labels=passage.labels)
