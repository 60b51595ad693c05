"""The rules for what people say."""

from __future__ import annotations

import pytest

from api.annotation import (
    AnnotationError,
    Shown,
    differs,
    document_labels,
    is_version,
    passage_labels,
    predicted_labels,
)
from classifier.codebook import Codebook

SHOWN = Shown("model", {"strength": "strong", "carers": "no"}, {"p": ("primary", "emphasis"), "q": ()})


def test_labels_are_the_codebooks(codebook: Codebook) -> None:
    assert document_labels(codebook, {"carers": "yes", "strength": "weak"}).content() == {"strength": "weak", "carers": "yes"}  # fmt: skip
    assert passage_labels(codebook, "p", ["emphasis", "primary", "primary"]).content() == {"labels": ["primary", "emphasis"]}  # fmt: skip
    with pytest.raises(AnnotationError, match="'fair' is no level of 'strength'; use one of: very_weak"):
        document_labels(codebook, {"strength": "fair"})
    with pytest.raises(AnnotationError, match="no criterion 'quality'; the codebook has: strength"):
        document_labels(codebook, {"quality": "yes"})
    with pytest.raises(AnnotationError, match="no passage label 'mention'; the codebook has: primary"):
        passage_labels(codebook, "p", ["mention"])
    with pytest.raises(AnnotationError, match="no criterion is labelled"):
        document_labels(codebook, {})


@pytest.mark.parametrize(
    ("given", "changed"),
    [({"strength": "strong"}, False), ({"strength": "weak"}, True), ({"strength": "strong", "carers": "yes"}, True), ({"integration": "no"}, True)],
)  # fmt: skip
def test_a_document_is_changed_where_an_answer_differs(codebook: Codebook, given: dict[str, str], changed: bool) -> None:  # fmt: skip
    assert differs(document_labels(codebook, given), SHOWN) is changed
    assert differs(document_labels(codebook, given), None) is None


@pytest.mark.parametrize(
    ("passage", "given", "changed"),
    [("p", ["emphasis", "primary"], False), ("p", ["primary"], True), ("p", [], True), ("q", [], False), ("q", ["tertiary"], True)],
)  # fmt: skip
def test_a_passage_is_changed_where_its_labels_differ(codebook: Codebook, passage: str, given: list[str], changed: bool) -> None:  # fmt: skip
    assert differs(passage_labels(codebook, passage, given), SHOWN) is changed


def test_a_label_is_predicted_from_its_threshold_on() -> None:
    found = predicted_labels(["p", "q"], {"primary": [0.5, 0.4], "tertiary": [0.9, 0.1], "old": [1, 1]}, {"primary": 0.5, "tertiary": 0.5})  # fmt: skip
    assert found == {"p": ("primary", "tertiary"), "q": ()}


def test_a_version_is_two_numbers() -> None:
    assert is_version("1.0")
    assert not any(map(is_version, ("1", "1.0\n", 1.0, None, "1." + "0" * 99)))
