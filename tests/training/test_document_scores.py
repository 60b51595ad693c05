"""Figures on whole documents, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.artefact import Artefact
from classifier.codebook import STRENGTHS
from tests.conftest import ROOT, needs_real
from tests.test_commands import prevention
from training.data import DATA, load_strategies
from training.document_scores import criteria_labels, score_documents, score_levels
from training.documents import as_given, held_out, read_strategies


def test_yes_and_no_are_measured_by_the_f1_of_yes() -> None:
    score = score_levels("care_act", ["yes", "yes", "yes", "no", "no"], ["yes", "yes", "no", "yes", "no"])
    assert score.f1.value == pytest.approx(2 * 2 / (2 * 2 + 1 + 1), abs=1e-4)
    assert (score.positives, score.accuracy) == (3, 0.6)


def test_levels_are_measured_by_the_mean_of_those_that_occur() -> None:
    score = score_levels(
        "primary", ["none", "none", "mentioned", "emphasised"], ["none", "mentioned", "mentioned", "emphasised"]
    )
    # none: 2/3; mentioned: 2/3; emphasised: 1.
    assert score.by_level == {"none": 0.6667, "mentioned": 0.6667, "emphasised": 1.0}
    assert score.f1.value == pytest.approx((2 / 3 + 2 / 3 + 1) / 3, abs=1e-4)


def test_every_label_of_a_strategy_is_measured(stub: Artefact) -> None:
    rows = load_strategies()[:24]
    read = read_strategies(rows, DATA / "strategies", stub.passages, stub.heads.scaling, stub.heads.labels)
    scores = score_documents(read, held_out(read), stub.heads)
    assert scores.strength.documents == 24
    assert {tier.key for tier in scores.tiers} == {"primary", "secondary", "tertiary"}
    assert {score.key for score in scores.criteria} == set(criteria_labels(rows[0]))
    assert sum(kind.documents for kind in scores.by_kind.values()) == 24
    assert scores.faithfulness is not None
    # The heads add up what passages put in: taking out the greatest shares moves the score further than taking out any others.
    assert scores.faithfulness.cited.value > scores.faithfulness.random.value
    assert scores.faithfulness.cited_moves_more > 0.9


def test_a_head_that_always_says_one_thing_shows(stub: Artefact) -> None:
    rows = load_strategies()[:12]
    read = read_strategies(rows, DATA / "strategies", stub.passages, stub.heads.scaling, stub.heads.labels)
    given = as_given(read, stub.heads)
    given.strength[:] = [np.array([0, 0, 1.0, 0, 0])] * 12
    scores = score_documents(read, given, stub.heads)
    assert scores.strength.exact == pytest.approx(sum(r.strength == "neither" for r in rows) / 12, abs=1e-3)
    assert scores.strength.quadratic_kappa.value == pytest.approx(0.0)
    assert scores.mean_set_size == 1


@needs_real
def test_real_documents_are_within_one_step() -> None:
    real = ROOT.parent / "shared/real"
    done = prevention("evaluate", "--documents", real / "documents.jsonl", "--folder", real / "documents")
    assert done.returncode == 0, done.stderr
    row = next(line for line in done.stdout.splitlines() if "all" in line and "│" in line)
    exact, one_off = (int(cell.strip().rstrip("%")) for cell in row.split("│")[5:7])
    assert exact + one_off == 100


def test_a_label_without_its_file_is_told(tmp_path: object) -> None:
    done = prevention("evaluate", "--documents", ROOT / "labelled_data/strategies.jsonl", "--folder", ROOT / "docs")
    assert done.returncode == 2
    assert "labelled but missing; give its folder with --folder" in done.stderr
    assert STRENGTHS[0] == "very_weak"
