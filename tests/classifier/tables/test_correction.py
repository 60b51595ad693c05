"""The model's known error is taken out: exactly where the answer is known, without bias over many draws."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifier.artefact import current_model
from classifier.codebook import STRENGTHS, Codebook
from classifier.errors import LabelledDataError
from classifier.tables.correction import Evaluation, corrected, load_evaluation, prevalence
from classifier.tables.rows import LabelledRow
from classifier.tables.year import year_report


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return load_evaluation(current_model() / "metrics.json")


def test_two_labels_give_rogan_and_gladens_estimate() -> None:
    # Sensitivity 0.8, specificity 0.9, 38 of 100 said yes: (0.38 + 0.9 - 1) / (0.8 + 0.9 - 1) = 0.4.
    shares = prevalence(np.array([62.0, 38.0]), np.array([[90.0, 10.0], [20.0, 80.0]]))
    assert shares[1] == pytest.approx(0.4, abs=1e-4)


def test_an_impossible_count_stays_a_share() -> None:
    shares = prevalence(np.array([99.0, 1.0]), np.array([[90.0, 10.0], [20.0, 80.0]]))
    assert shares.sum() == pytest.approx(1)
    assert shares[1] == pytest.approx(0, abs=1e-3)


def test_a_model_that_never_errs_is_left_alone() -> None:
    found = corrected("x", ["no", "yes"], ["No", "Yes"], [60, 40], [60, 40], [5, 10], np.diag([50, 50]))
    assert [round(one.estimate) for one in found] == [65, 50]
    assert (found[1].raw, found[1].confirmed, found[1].base) == (40, 10, 115)


def test_the_correction_is_nearer_to_the_truth_than_the_raw_count(evaluation: Evaluation) -> None:
    """Draw corpora of 400 with another mix than the measured one; the mean error of each label falls."""
    dice = np.random.default_rng(7)
    confusion = evaluation.confusion("strength")
    assert confusion is not None
    rates = confusion / confusion.sum(axis=1, keepdims=True)
    truth = np.array([0.01, 0.04, 0.33, 0.22, 0.40])
    raw, mended, held = [], [], []
    for _ in range(60):
        given = dice.multinomial(400, truth @ rates)
        found = corrected(
            "strength", STRENGTHS, STRENGTHS, given.tolist(), given.tolist(), [0] * 5, confusion, seed=int(given[0])
        )
        raw.append(given / 400)
        mended.append([one.estimate / 400 for one in found])
        held.append([one.interval.low <= 400 * t <= one.interval.high for one, t in zip(found, truth, strict=True)])
    bias_raw, bias = np.abs(np.mean(raw, axis=0) - truth), np.abs(np.mean(mended, axis=0) - truth)
    assert bias.max() < 0.02 < bias_raw.max()
    assert np.mean(held) > 0.9


def test_the_counts_behind_f1_are_recovered(evaluation: Evaluation) -> None:
    written = json.loads((current_model() / "metrics.json").read_text(encoding="utf-8"))["documents_held_out"][
        "criteria"
    ]
    recovered = 0
    for level in written:
        table = evaluation.confusion(level["key"])
        if table is None:
            continue
        recovered += 1
        (kept, false), (missed, hits) = table.tolist()
        assert kept + false + missed + hits == level["documents"]
        assert hits + missed == level["positives"]
        assert 2 * hits / (2 * hits + false + missed) == pytest.approx(level["f1"]["value"], abs=1e-4)
        assert 2 * kept / (2 * kept + false + missed) == pytest.approx(level["by_level"]["no"], abs=1e-4)
    assert recovered >= 15


def test_what_people_confirmed_stands_beside_what_is_corrected(evaluation: Evaluation, codebook: Codebook) -> None:
    confirmed = [
        LabelledRow(
            document=f"a{i}", kind="jhws", confirmed={"strength": "weak"}, proposed={"strength": "neither"}, model="m"
        )
        for i in range(10)
    ]
    proposed = [
        LabelledRow(document=f"b{i}", kind="jhws", proposed={"strength": "strong", "vision": "yes"}, model="m")
        for i in range(30)
    ]
    report = year_report([*confirmed, *proposed], codebook, evaluation=evaluation)
    by_key = {one.key: one for one in report.kinds[0].corrected}
    assert (by_key["strength.weak"].raw, by_key["strength.weak"].confirmed) == (0, 10)
    assert by_key["strength.weak"].estimate >= 10
    assert (by_key["strength.neither"].raw, by_key["strength.neither"].confirmed) == (10, 0)
    assert sum(by_key[f"strength.{label}"].estimate for label in STRENGTHS) == pytest.approx(40)
    assert by_key["vision.yes"].raw == 30
    assert year_report(confirmed, codebook, evaluation=evaluation).kinds[0].corrected == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "not JSON"), ("[]", "write it by"), ('{"strength": {"confusion": [[1]]}}', "strength.confusion")],
)
def test_a_file_that_is_no_evaluation_is_refused(content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(content, encoding="utf-8")
    with pytest.raises(LabelledDataError, match=message):
        load_evaluation(tmp_path / "e.json")
