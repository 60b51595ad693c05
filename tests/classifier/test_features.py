"""The features are monotone, and their shares add up: what the label is told from can be taken apart exactly."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifier.codebook import TIERS
from classifier.document import Passage
from classifier.features import STRENGTH_FEATURES, TIER_FEATURES, strength_features, tier_features
from tests.conftest import KeywordModel, stub_heads

LABELS = tuple(KeywordModel.words)
ROLES = ("summary", "vision", "priority", "principle", "other")
TEXTS = (
    "Prevention comes first.",
    "Reablement after discharge.",
    "People with dementia are helped.",
    "A leaflet is printed.",
    "Nothing to see.",
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[list[Passage], dict[str, np.ndarray]]:
    count = draw(st.integers(1, 12))
    passages = []
    for i in range(count):
        text = draw(st.sampled_from(TEXTS))
        passages.append(Passage(f"p{i}", 1, 0, len(text), text, (), draw(st.sampled_from(ROLES))))
    p = {label: np.array(draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))) for label in LABELS}
    return passages, p


@given(documents())
def test_shares_add_up_to_the_values(document: tuple[list[Passage], dict[str, np.ndarray]]) -> None:
    for features in (
        strength_features(*document),
        *(tier_features(document[0], tier, document[1], document[1][tier]) for tier in TIERS),
    ):
        assert features.shares.shape == (len(features.names), len(document[0]))
        np.testing.assert_allclose(features.shares.sum(axis=1), features.values, atol=1e-9)
        assert ((features.values >= 0) & (features.values <= 1 + 1e-9)).all()


def test_the_names_are_those_that_are_fitted() -> None:
    passage = Passage("p", 1, 0, 1, "x")
    p = {label: np.array([0.5]) for label in LABELS}
    assert strength_features([passage], p).names == tuple(STRENGTH_FEATURES)
    assert tier_features([passage], "primary", p, p["primary"]).names == tuple(TIER_FEATURES)


@given(documents(), st.data())
def test_more_tertiary_never_lowers_the_score(
    document: tuple[list[Passage], dict[str, np.ndarray]], data: st.DataObject
) -> None:
    passages, p = document
    head = stub_heads().strength
    before = head.score(strength_features(passages, p).values)
    raised = {label: values.copy() for label, values in p.items()}
    i = data.draw(st.integers(0, len(passages) - 1))
    raised["tertiary"][i] = data.draw(st.floats(float(raised["tertiary"][i]), 1))
    assert head.score(strength_features(passages, raised).values) >= before - 1e-9


@given(documents())
def test_an_added_tertiary_service_never_lowers_the_score(
    document: tuple[list[Passage], dict[str, np.ndarray]],
) -> None:
    passages, p = document
    head = stub_heads().strength
    before = head.score(strength_features(passages, p).values)
    text = "Pulmonary rehabilitation for people with COPD."
    added = [*passages, Passage("new", 1, 0, len(text), text)]
    more = {label: np.append(values, 1.0 if label == "tertiary" else 0.0) for label, values in p.items()}
    assert head.score(strength_features(added, more).values) >= before - 1e-9


@given(documents())
def test_an_added_passage_beside_the_point_never_raises_a_tier(
    document: tuple[list[Passage], dict[str, np.ndarray]],
) -> None:
    passages, p = document
    added = [*passages, Passage("new", 1, 0, 15, "Nothing to see.")]
    more = {label: np.append(values, 0.0) for label, values in p.items()}
    for tier in TIERS:
        after, before = tier_features(added, tier, more, more[tier]), tier_features(passages, tier, p, p[tier])
        assert (after.values <= before.values + 1e-9).all()


@given(documents())
def test_a_service_more_never_lowers_its_tier(document: tuple[list[Passage], dict[str, np.ndarray]]) -> None:
    passages, p = document
    for tier in TIERS:
        before, after = (tier_features(passages, tier, p, services) for services in (p[tier], p[tier] + 1))
        assert (after.values >= before.values - 1e-9).all()
