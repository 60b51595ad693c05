from __future__ import annotations

from pathlib import Path

import pytest

from classifier.codebook import Codebook, load_codebook
from classifier.errors import CodebookError
from tests.conftest import ROOT


def test_the_codebook_answers_every_part(codebook: Codebook) -> None:
    assert [len(codebook.part(part)) for part in ("A1", "A2", "A3", "A4", "A5", "A6")] == [1, 3, 5, 4, 1, 11]
    assert codebook.labels == (
        "primary",
        "secondary",
        "tertiary",
        "emphasis",
        "awareness_only",
        "integration",
        "loneliness",
    )
    assert all(c.question.endswith("?") and c.definition and c.clause for c in codebook.criteria)


def test_a_wrong_level_is_told_with_the_right_ones(codebook: Codebook) -> None:
    assert codebook.criterion("strength").check("weak") == "weak"
    with pytest.raises(CodebookError, match="'strongish' is no level of 'strength'; use one of: very_weak, weak"):
        codebook.criterion("strength").check("strongish")


def test_an_unknown_criterion_is_told_with_the_known_ones(codebook: Codebook) -> None:
    with pytest.raises(CodebookError, match=r"no criterion 'mood'; the codebook has: strength"):
        codebook.criterion("mood")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('version = "1.0"', 'version = "one"', "version"),
        (
            'levels = ["very_weak", "weak", "neither", "strong", "very_strong"]',
            'levels = ["weak", "strong"]',
            "must have the levels",
        ),
        ('key = "loneliness"\npart', 'key = "carers"\npart', "given twice: carers"),
        ("[[criteria]]", "[[criteria", "not TOML"),
    ],
)
def test_a_faulty_codebook_is_refused_by_file_and_fault(tmp_path: Path, old: str, new: str, fault: str) -> None:
    text = (ROOT / "labelled_data/codebook.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "codebook.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CodebookError, match=fault) as caught:
        load_codebook(path)
    assert str(path) in str(caught.value)
