"""The year's tables of ten thousand predictions, in time."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier.artefact import current_model
from classifier.codebook import STRENGTHS
from classifier.report.words import CRITERION_WORDS
from tests.conftest import ROOT

pytestmark = pytest.mark.bench

DOCUMENTS = 10_000
LIMIT_SECONDS = 30
_KINDS = ("jhws", "stp", "ics", "prevention_strategy", "commissioning", "foi")


def prediction(number: int, dice: random.Random) -> str:
    """A prediction of the size that `score` writes: most of it is evidence, which the tables leave unread."""
    evidence = [{"quote": "We will help people early. " * 8, "page": 3, "start": 0, "end": 216, "boxes": [[10, 20, 300, 32]] * 3, "score": 0.9, "passage": "p", "heading": "Aims"}] * 4  # fmt: skip
    levels = {"triple_definition": ("none", "part", "full"), "integration_kind": ("none", "cooperation", "integration")}
    return json.dumps(
        {
            "document": {"digest": f"{number:064x}", "file": f"{number}.pdf", "format": "pdf", "pages": 30},
            "model": current_model().name, "codebook_version": "1.0",
            "strength": {"label": dice.choice(STRENGTHS), "evidence": evidence * 3},
            "tiers": {tier: {"state": dice.choice(("none", "mentioned", "emphasised")), "evidence": evidence} for tier in ("primary", "secondary", "tertiary")},
            "criteria": {key: {"value": dice.choice(levels.get(key, (True, False))), "evidence": evidence} for key in CRITERION_WORDS},
        }
    )  # fmt: skip


def test_ten_thousand_predictions(tmp_path: Path) -> None:
    dice = random.Random(1)
    with (tmp_path / "p.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(prediction(i, dice) + "\n" for i in range(DOCUMENTS))
    about = [f"{i}.pdf,Council {i % 1500},{_KINDS[i % 6]}" for i in range(DOCUMENTS)]
    (tmp_path / "l.csv").write_text("file,authority,kind\n" + "\n".join(about) + "\n", encoding="utf-8")
    before = [f"{i}.pdf,Council {i % 1500},{_KINDS[i % 6]},{dice.choice(STRENGTHS)}" for i in range(DOCUMENTS)]
    (tmp_path / "b.csv").write_text("file,authority,kind,strength\n" + "\n".join(before) + "\n", encoding="utf-8")
    megabytes = (tmp_path / "p.jsonl").stat().st_size / 2**20
    for form in ("html", "xlsx", "json", "csv"):
        target = tmp_path / f"year.{form}"
        arguments = [
            "report",
            "--predictions",
            tmp_path / "p.jsonl",
            "--labels",
            tmp_path / "l.csv",
            "--before",
            tmp_path / "b.csv",
        ]
        code = "from classifier.commands import main; main()"
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments), "--format", form, "--output", str(target)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        print(
            f"\n{DOCUMENTS:,} predictions ({megabytes:.0f} MB) as {form}: {seconds:.1f} s, {target.stat().st_size / 2**20:.1f} MB"
        )
        assert done.returncode == 0, done.stderr
        assert seconds <= LIMIT_SECONDS
