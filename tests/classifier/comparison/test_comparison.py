"""Two runs side by side: transitions, flips with the evidence that changed, and what people confirmed left alone."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from classifier.artefact import Artefact
from classifier.commands import app
from classifier.comparison.flips import Comparison, compare
from classifier.comparison.plain import csv_text, json_text, text_lines
from classifier.comparison.runs import read_run
from classifier.errors import LabelledDataError
from classifier.reading import read_document
from classifier.score import score_document
from tests.conftest import ROOT


def scoring(
    name: str,
    label: str | None,
    *quotes: str,
    digest: str = "",
    model: str = "m1",
    tertiary: str = "none",
    **parts: float,
) -> dict[str, Any]:
    return {
        "document": {"digest": digest or name, "file": f"folder/{name}.pdf"}, "model": model,
        "strength": {
            "label": label, "contributions": [{"feature": key, "contribution": value} for key, value in parts.items()],
            "evidence": [{"quote": quote, "page": i, "score": float(i)} for i, quote in enumerate(quotes, 1)],
        },
        "tiers": {"tertiary": {"state": tertiary}}, "criteria": {"vision": {"value": label == "strong"}},
    }  # fmt: skip


OLD = [
    scoring("same", "weak"),
    scoring("up", "neither", "We print leaflets.", "We value prevention.", tertiary_groups=0.2, awareness_share=-0.4),
    scoring("jump", "weak", "=Leaflets only"),
    scoring("checked", "weak"),
    scoring("revised", "strong", digest="first"),
    scoring("unread", "weak"),
    scoring("gone", "weak"),
]
NEW = [
    scoring("same", "weak", model="m2"),
    scoring("up", "strong", "we value PREVENTION", "A reablement team helps after a stay.", model="m2", tertiary="mentioned", tertiary_groups=0.9, awareness_share=-0.4),
    scoring("jump", "very_strong", model="m2"),
    scoring("checked", "very_strong", model="m2"),
    scoring("revised", "very_strong", digest="second", model="m2"),
    scoring("unread", None, model="m2"),
    scoring("fresh", "strong", model="m2"),
]  # fmt: skip


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "old.jsonl", tmp_path / "new.jsonl"
    for path, lines in zip(paths, (OLD, NEW), strict=True):
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return paths


@pytest.fixture
def found(runs: tuple[Path, Path]) -> Comparison:
    return compare(read_run(runs[0]), read_run(runs[1]), {"checked.pdf": "neither"})


def test_every_document_is_in_one_cell_of_the_matrix(found: Comparison) -> None:
    assert sum(map(sum, found.matrix)) == found.compared == 6
    assert found.matrix[1][4] == 2
    assert found.matrix[1][5] == 1
    assert (found.only_old, found.only_new, found.confirmed) == (("folder/gone.pdf",), ("folder/fresh.pdf",), 1)


def test_a_flip_shows_what_changed(found: Comparison) -> None:
    flips = {flip.new.document.digest: flip for flip in found.flips}
    assert list(flips) == ["checked", "jump", "second", "unread", "up"]
    up = flips["up"]
    assert ([q.quote for q in up.lost], [q.quote for q in up.gained]) == (
        ["We print leaflets."],
        ["A reablement team helps after a stay."],
    )
    assert [(r.feature, r.before, r.now) for r in up.reasons] == [("tertiary_groups", 0.2, 0.9)]
    assert (up.steps, flips["jump"].steps, flips["unread"].steps) == (1, 3, None)
    assert flips["second"].other_bytes
    assert not up.other_bytes


def test_jumps_are_for_a_person_unless_one_has_confirmed(found: Comparison) -> None:
    assert [flip.name for flip in found.review] == ["folder/unread.pdf", "folder/jump.pdf"]
    assert next(flip for flip in found.flips if flip.name == "folder/checked.pdf").confirmed == "neither"


def test_tiers_and_criteria_that_changed_are_counted(found: Comparison) -> None:
    assert found.criteria["tertiary"] == {("none", "mentioned"): 1}
    assert found.criteria["vision"] == {("no", "yes"): 1, ("yes", "no"): 1}


def test_text_csv_and_json_say_the_same(found: Comparison) -> None:
    text = "\n".join(text_lines(found))
    assert "5 flipped, 2 of them for a person" in text
    assert "a person says neither, which stays" in text
    assert "+ p. 2, for (+2.00): “A reablement team helps after a stay.”" in text
    rows = list(csv.DictReader(io.StringIO(csv_text(found))))
    assert [(row["file"], row["review"]) for row in rows][:3] == [
        ("folder/unread.pdf", "yes"),
        ("folder/jump.pdf", "yes"),
        ("folder/checked.pdf", ""),
    ]
    body = json.loads(json_text(found))
    assert body["review"] == ["unread", "jump"]
    assert len(body["flips"]) == 5


def test_the_command(runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("file,strength\nchecked.pdf,neither\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["compare", *map(str, runs), "--labels", str(tmp_path / "l.csv")])
    assert done.exit_code == 0
    assert "people have confirmed 1" in done.stdout
    with runs[1].open("a", encoding="utf-8") as file:
        file.write("\nnot json\n")
    broken = CliRunner().invoke(app, ["compare", *map(str, runs), "--format", "json"])
    assert broken.exit_code == 1
    assert "new.jsonl, line 8: no prediction" in broken.stderr
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    assert isinstance(
        CliRunner().invoke(app, ["compare", str(tmp_path / "empty.jsonl"), str(runs[0])]).exception, LabelledDataError
    )


def test_what_score_writes_is_compared(tmp_path: Path, stub: Artefact) -> None:
    text = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
    for folder, content in (("old", text), ("new", text[: len(text) // 4])):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "strategy.md").write_text(content, encoding="utf-8")
        said = score_document(read_document(tmp_path / folder / "strategy.md"), stub).model_dump(mode="json")
        (tmp_path / folder / "strategy.json").write_text(json.dumps(said), encoding="utf-8")
    same = compare(read_run(tmp_path / "old"), read_run(tmp_path / "old"))
    assert (same.compared, same.flips, same.criteria) == (1, (), {})
    other = compare(read_run(tmp_path / "old"), read_run(tmp_path / "new"))
    (flip,) = other.flips
    assert flip.other_bytes
    assert flip.reasons
    assert flip.lost
