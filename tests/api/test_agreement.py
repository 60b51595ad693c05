"""How far people agree, told from what each first said."""

from __future__ import annotations

import numpy as np
import pytest

from api.agreement import Reading, agreement_of
from classifier.agreement import ordinal_alpha, quadratic_kappa
from classifier.codebook import STRENGTHS, Codebook


def readings(person: str, *levels: str | None) -> list[Reading]:
    """What a person said of documents, one after the other."""
    return [Reading(f"doc_{n}", person, {"strength": level}) for n, level in enumerate(levels) if level is not None]


def test_pairs_and_everybody(codebook: Codebook) -> None:
    said = [
        *readings("Ada", "weak", "strong", "neither", "very_weak"),
        *readings("Edda", "weak", "very_strong", "neither", "weak"),
        *readings("Otto", None, "strong", None, "very_strong"),
    ]
    (found,) = agreement_of(said, codebook, resamples=50)
    assert (found.criterion.key, found.documents, found.people) == ("strength", 4, 3)
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    assert {key: pair.figures.items for key, pair in pairs.items()} == {("Ada", "Edda"): 4, ("Ada", "Otto"): 2, ("Edda", "Otto"): 2}  # fmt: skip
    ours = pairs["Ada", "Edda"]
    a, b = (np.array([STRENGTHS.index(level) for level in row]) for row in (("weak", "strong", "neither", "very_weak"), ("weak", "very_strong", "neither", "weak")))  # fmt: skip
    assert ours.figures.quadratic_kappa is not None
    assert ours.figures.quadratic_kappa.value == pytest.approx(quadratic_kappa(a, b, 5), abs=1e-4)
    assert ours.figures.percentage.value == 0.5
    assert ours.documents["strong", "very_strong"] == ["doc_1"]
    assert sum(map(len, ours.documents.values())) == 4
    ratings = np.array([[1, 3, 2, 0], [1, 4, 2, 1], [np.nan, 3, np.nan, 4]], dtype=float)
    assert found.alpha is not None
    assert found.alpha.value == pytest.approx(ordinal_alpha(ratings), abs=1e-4)


def test_named_levels_have_a_percentage_only_and_what_one_alone_said_is_left_out(codebook: Codebook) -> None:
    said = [
        Reading("doc_1", "Ada", {"summary": "not_applicable", "carers": "yes", "strength": "fair"}),
        Reading("doc_1", "Edda", {"summary": "yes", "carers": "yes"}),
        Reading("doc_2", "Edda", {"loneliness": "no"}),
    ]
    found = {one.criterion.key: one for one in agreement_of(said, codebook, resamples=20)}
    assert set(found) == {"summary", "carers"}
    assert (found["summary"].alpha is None) == (not codebook.criterion("summary").ordered)
    assert found["carers"].pairs[0].figures.percentage.value == 1
