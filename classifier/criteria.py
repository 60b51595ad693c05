"""The answers to the criteria of parts A3 to A6: by rule, and where words do not tell, by the passage model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.artefact import Heads
from classifier.document import Passage
from classifier.mentions import (
    PLACES,
    THEMES_AND_POLICIES,
    Mention,
    has_summary,
    integration_kind,
    place_mentions,
    rule_mentions,
    triple_definition,
)

Array = NDArray[np.float64]

# Themes that the passage model knows too: what a rule misses it may find.
_MODEL_THEMES = ("integration", "loneliness")
_SURE = 0.7


@dataclass(frozen=True, slots=True)
class Answer:
    """A criterion's value and the sentences that show it, the best first."""

    value: bool | str
    mentions: list[Mention]


def answer_criteria(
    passages: Sequence[Passage], beside: Sequence[Passage], probabilities: dict[str, Array], heads: Heads
) -> dict[str, Answer]:
    """Return the answer to every criterion of parts A3 to A6 by its key.

    `beside` are headings and scraps that stand in no passage: only rules look there. `probabilities` are of shape (passages,) by label.
    """
    spoken = [*passages, *beside]
    answers: dict[str, Answer] = {}
    for key, mentions in place_mentions(spoken).items():
        if key == "summary" and not has_summary(passages):
            answers[key] = Answer("not_applicable", [])
            continue
        if key in PLACES and not mentions:
            mentions = _emphasised(key, passages, probabilities["emphasis"], heads)
        answers[key] = Answer(bool(mentions), mentions)
    for key in THEMES_AND_POLICIES:
        mentions = rule_mentions(key, spoken)
        if key in _MODEL_THEMES:
            mentions = _with_model(key, passages, mentions, probabilities[key], heads)
        answers[key] = Answer(bool(mentions), mentions)
    answers["integration_kind"] = Answer(*integration_kind(answers["integration"].mentions))
    answers["triple_definition"] = Answer(*triple_definition(spoken))
    return answers


def _threshold(key: str, heads: Heads) -> float:
    return heads.scaling.thresholds[heads.labels.index(key)]


def _emphasised(place: str, passages: Sequence[Passage], emphasis: Array, heads: Heads) -> list[Mention]:
    """Return the passages of a place that the model reads as putting prevention first, in whatever words."""
    threshold = max(0.5, _threshold("emphasis", heads))
    return [
        Mention(passage, 0, len(passage.text))
        for passage, value in zip(passages, emphasis, strict=True)
        if passage.role == place and value >= threshold
    ]


def _with_model(
    key: str, passages: Sequence[Passage], mentions: list[Mention], probabilities: Array, heads: Heads
) -> list[Mention]:
    """Order mentions by the model's probability for their passage; where no rule finds any, take the passages it is sure of."""
    index = {passage.id: i for i, passage in enumerate(passages)}
    if not mentions:
        threshold = max(_SURE, _threshold(key, heads))
        mentions = [
            Mention(passage, 0, len(passage.text))
            for passage, value in zip(passages, probabilities, strict=True)
            if value >= threshold
        ]
    # A heading has no probability; it shows the theme as well as a passage the model doubts.
    return sorted(mentions, key=lambda m: -probabilities[index[m.passage.id]] if m.passage.id in index else -0.5)
