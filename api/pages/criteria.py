"""The codebook beside a document: for each criterion what is asked, what the model says, and what that rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from api.annotation import NOT_ENOUGH_TEXT, predicted_criteria
from api.pages.considered import LABEL_OF, Considered
from api.store.passages import LabelledPassage
from classifier.codebook import STRENGTHS, TIERS, Codebook, Criterion
from classifier.prediction import Evidence, Prediction

PARTS: Mapping[str, str] = {
    "A1": "Strength", "A2": "Tiers", "A3": "Where prevention is mentioned", "A4": "National policy", "A5": "Definition",
    "A6": "Themes", "A7": "Freedom of information",
}  # fmt: skip
PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of the document that can be jumped to: evidence, or a passage that was considered."""

    id: str
    criterion: str
    kind: str
    quote: str
    page: int
    start: int
    end: int
    boxes: Sequence[Sequence[float]]
    passage: str
    heading: str
    # primary, secondary, tertiary or plain: how it is drawn.
    shade: str
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion with what the model says of it."""

    criterion: Criterion
    value: str
    probabilities: Sequence[tuple[str, float]]
    # Adjacent levels between which the model does not decide; one or none where it does.
    open_between: Sequence[str]
    places: Sequence[Place]

    @property
    def supporting(self) -> list[Place]:
        """Evidence for the model's answer."""
        return [place for place in self.places if place.kind == "for"]

    @property
    def opposing(self) -> list[Place]:
        """Evidence against a higher answer."""
        return [place for place in self.places if place.kind == "against"]

    @property
    def considered(self) -> list[Place]:
        """What came nearest where there is no evidence."""
        return [place for place in self.places if place.kind == "considered"]


def asked(
    codebook: Codebook, prediction: Prediction, passages: Sequence[LabelledPassage], thresholds: Mapping[str, float]
) -> list[Asked]:
    """Return every criterion of the codebook, in its order."""
    values, considered = predicted_criteria(prediction), Considered(passages)
    shades = {one.passage.passage_id: _shade(one, thresholds) for one in passages}
    found = []
    for criterion in codebook.criteria:
        evidence = list(_evidence(prediction, criterion.key))
        places = [_place(criterion.key, number, one, shades) for number, one in enumerate(evidence)]
        if not evidence:
            places = [
                _considered(criterion, number, one, shades) for number, one in enumerate(considered.nearest(criterion))
            ]
        found.append(
            Asked(
                criterion, values.get(criterion.key, NOT_ENOUGH_TEXT), list(_probabilities(prediction, criterion)),
                prediction.strength.set if criterion.key == "strength" else (), places,
            )
        )  # fmt: skip
    return found


def by_part(criteria: Sequence[Asked]) -> list[tuple[str, list[Asked]]]:
    """Return criteria under the headings of the codebook's parts."""
    parts = dict.fromkeys(one.criterion.part for one in criteria)
    return [(PARTS[part], [one for one in criteria if one.criterion.part == part]) for part in parts]


def _evidence(prediction: Prediction, key: str) -> Iterator[Evidence]:
    if key == "strength":
        yield from prediction.strength.evidence
    for tier, said in prediction.tiers.items():
        if tier == key:
            yield from said.evidence
    if key in prediction.criteria:
        yield from prediction.criteria[key].evidence


def _probabilities(prediction: Prediction, criterion: Criterion) -> Iterator[tuple[str, float]]:
    if criterion.key == "strength":
        known: Mapping[str, float] = {str(level): p for level, p in prediction.strength.probabilities.items()}
        yield from ((level, known[level]) for level in STRENGTHS if level in known)
    for tier, said in prediction.tiers.items():
        if tier == criterion.key:
            yield from ((level, said.probabilities[level]) for level in criterion.levels if level in said.probabilities)


def _place(key: str, number: int, one: Evidence, shades: Mapping[str, str]) -> Place:
    shade = key if key in TIERS else shades.get(one.passage, PLAIN)
    return Place(
        f"{key}-{number}", key, one.direction, one.quote, one.page, one.start, one.end, one.boxes, one.passage,
        one.heading, shade,
    )  # fmt: skip


def _considered(criterion: Criterion, number: int, one: LabelledPassage, shades: Mapping[str, str]) -> Place:
    passage, label = one.passage, LABEL_OF.get(criterion.key, "")
    return Place(
        f"{criterion.key}-considered-{number}", criterion.key, "considered", passage.text, passage.page, passage.start,
        passage.end, json.loads(passage.boxes), passage.passage_id, " > ".join(json.loads(passage.headings)),
        shades.get(passage.passage_id, PLAIN), one.probabilities.get(label),
    )  # fmt: skip


def _shade(one: LabelledPassage, thresholds: Mapping[str, float]) -> str:
    """Return the tier that a passage is drawn as: the likeliest of those that it reaches."""
    reached = [tier for tier in TIERS if one.probabilities.get(tier, 0.0) >= thresholds.get(tier, 1.1)]
    return max(reached, key=lambda tier: one.probabilities[tier], default=PLAIN)
