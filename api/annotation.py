"""What holds for labels that people give: they are the codebook's, and whether they change the prediction is found by comparison."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from classifier.codebook import Codebook
from classifier.errors import CodebookError, PreventionError
from classifier.prediction import Prediction

_VERSION = re.compile(r"\d{1,10}\.\d{1,10}")


class AnnotationError(PreventionError):
    """An annotation breaks a rule."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The prediction that an annotator had before him: its model, its document labels and its labels by passage id."""

    model_id: str
    criteria: Mapping[str, str]
    passages: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Labels:
    """What one person says of a document (`criteria`) or of one of its passages (`labels`); never of both."""

    passage_id: str | None
    criteria: Mapping[str, str]
    labels: tuple[str, ...]

    def content(self) -> dict[str, object]:
        """Return the labels as they are kept."""
        return dict(self.criteria) if self.passage_id is None else {"labels": list(self.labels)}


def document_labels(codebook: Codebook, given: Mapping[str, str]) -> Labels:
    """Return labels for a document; raise `AnnotationError` naming the first that the codebook does not have."""
    if not given:
        raise AnnotationError("no criterion is labelled; name one at least")
    for key, level in given.items():
        check_level(codebook, key, level)
    order = [criterion.key for criterion in codebook.criteria]
    return Labels(None, {key: given[key] for key in sorted(given, key=order.index)}, ())


def passage_labels(codebook: Codebook, passage_id: str, given: Iterable[str]) -> Labels:
    """Return labels for a passage in the codebook's order; none at all is an answer, too."""
    found = set(given)
    for label in sorted(found):
        check_passage_label(codebook, label)
    return Labels(passage_id, {}, tuple(label for label in codebook.labels if label in found))


def check_level(codebook: Codebook, key: str, level: str) -> None:
    """Raise `AnnotationError` unless the codebook has the criterion and the level."""
    try:
        codebook.criterion(key).check(level)
    except CodebookError as error:
        raise AnnotationError(str(error)) from error


def check_passage_label(codebook: Codebook, label: str) -> None:
    """Raise `AnnotationError` unless the codebook has the passage label."""
    if label not in codebook.labels:
        raise AnnotationError(f"no passage label {label!r}; the codebook has: {', '.join(codebook.labels)}")


def differs(given: Labels, shown: Shown | None) -> bool | None:
    """Tell whether labels differ from the prediction that was shown; None where none was.

    A criterion that the person leaves unanswered is no difference.
    """
    if shown is None:
        return None
    if given.passage_id is None:
        return any(shown.criteria.get(key) != level for key, level in given.criteria.items())
    return set(given.labels) != set(shown.passages.get(given.passage_id, ()))


def predicted_criteria(prediction: Prediction) -> dict[str, str]:
    """Return a prediction's answers as an annotator would give them, by criterion; without those that it leaves open."""
    found: dict[str, str] = {}
    if prediction.strength.label is not None:
        found["strength"] = prediction.strength.label
    found |= {tier: told.state for tier, told in prediction.tiers.items() if told.state != "not_enough_text"}
    for key, answer in prediction.criteria.items():
        if isinstance(answer.value, bool):
            found[key] = "yes" if answer.value else "no"
        elif answer.value is not None:
            found[key] = answer.value
    return found


def predicted_labels(
    passage_ids: Sequence[str], probabilities: Mapping[str, Sequence[float]], thresholds: Mapping[str, float]
) -> dict[str, tuple[str, ...]]:
    """Return each passage's predicted labels by its id: those whose probability reaches the label's threshold."""
    reached = [(label, values, thresholds[label]) for label, values in probabilities.items() if label in thresholds]
    return {
        name: tuple(label for label, values, threshold in reached if values[place] >= threshold)
        for place, name in enumerate(passage_ids)
    }


def is_version(value: object) -> bool:
    """Tell whether a value can be the version of a codebook."""
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None
