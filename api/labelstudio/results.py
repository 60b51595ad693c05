"""An exported task's annotations, told apart into labels that hold and faults that are named. Whatever comes in, nothing raises.

Labels are found by their place in our own text of the document; an `origin`, an id or a text that the export states is never relied on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.annotation import AnnotationError, Labels, Shown, check_level, check_passage_label, passage_labels
from api.labelstudio.configuration import CRITERION, LABELS, TEXT
from api.labelstudio.tasks import TaskText
from api.offsets import OffsetError, Utf16Offsets
from classifier.codebook import Codebook

# The editor writes a line break as these two characters, and a browser runs white space together.
_SPACE = re.compile(r"(?:\\n|\s)+")
_SHOWN_CHARACTERS, _FAULT_CHARACTERS = 80, 500


@dataclass(frozen=True, slots=True)
class Fault:
    """What could not be taken in, and why."""

    task: str
    annotation: str | None
    region: str | None
    detail: str


@dataclass
class Found:
    """What an annotation's results hold: levels by criterion, labels by passage, and what is wrong with the others."""

    criteria: dict[str, str] = field(default_factory=dict)
    passages: dict[str, set[str]] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)

    def fault(self, region: str, error: Exception) -> None:
        """Note what is wrong with a region."""
        self.faults.append((region, str(error)[:_FAULT_CHARACTERS]))

    def labels(self, codebook: Codebook, text: TaskText, shown: Shown | None) -> Iterator[Labels]:
        """Yield the labels of the document and of each passage.

        A passage that the prediction labelled and the annotator does not is an answer, too: he has taken the labels off.
        With a fault among the regions that is not certain, so it is not concluded.
        """
        if self.criteria:
            yield Labels(None, self.criteria, ())
        predicted = shown.passages if shown is not None and not self.faults else {}
        for name in text.passage_ids:
            if name in self.passages or predicted.get(name):
                yield passage_labels(codebook, name, self.passages.get(name, ()))


def read_results(results: object, text: TaskText, codebook: Codebook) -> Found:
    """Return what an annotation's list of results holds."""
    found = Found()
    if not isinstance(results, list):
        found.faults.append(("result", f"{shown_value(results)} is no list of results; export the tasks as JSON"))
        return found
    offsets = Utf16Offsets(text.text)
    for number, result in enumerate(results):
        name = _name(result, number)
        try:
            _read(result, text, offsets, codebook, found, name)
        except AnnotationError as error:
            found.fault(name, error)
    return found


def _read(result: object, text: TaskText, offsets: Utf16Offsets, codebook: Codebook, found: Found, name: str) -> None:
    if not isinstance(result, dict) or not isinstance(value := result.get("value"), dict):
        raise AnnotationError(f"{shown_value(result)} is no result with a value; export the tasks as JSON")
    kind, source = result.get("type"), result.get("from_name")
    if result.get("to_name") != TEXT:
        raise AnnotationError(f"to_name {shown_value(result.get('to_name'))} is not {TEXT!r}; {_CONFIGURE}")
    if kind == "labels" and source == LABELS:
        passage_id = _passage(value, text, offsets)
        for label in _texts(value, "labels"):
            try:
                check_passage_label(codebook, label)
            except AnnotationError as error:
                found.fault(name, error)
            else:
                found.passages.setdefault(passage_id, set()).add(label)
    elif kind == "choices" and isinstance(source, str) and source.startswith(CRITERION):
        _choose(source.removeprefix(CRITERION), _texts(value, "choices"), codebook, found)
    else:
        raise AnnotationError(
            f"type {shown_value(kind)} of {shown_value(source)} is not in our configuration; {_CONFIGURE}"
        )


_CONFIGURE = "use the configuration from /v1/label-studio/config"


def _choose(key: str, levels: list[str], codebook: Codebook, found: Found) -> None:
    if len(levels) != 1:
        raise AnnotationError(f"{len(levels)} choices for {key[:_SHOWN_CHARACTERS]!r}; choose one")
    check_level(codebook, key, levels[0])
    if found.criteria.setdefault(key, levels[0]) != levels[0]:
        raise AnnotationError(f"{levels[0]!r} for {key!r}, after {found.criteria[key]!r}; choose one")


def _passage(value: Mapping[str, Any], text: TaskText, offsets: Utf16Offsets) -> str:
    """Return the passage that a region lies in; raise `AnnotationError` unless its quote is the text's slice."""
    start, end, quote = value.get("start"), value.get("end"), value.get("text")
    if not (type(start) is int and type(end) is int and 0 <= start < end):
        raise AnnotationError(
            f"start {shown_value(start)}, end {shown_value(end)} are no span; give whole numbers, start before end"
        )
    if not isinstance(quote, str):
        raise AnnotationError(f"the region has no text to check its place by; {_CONFIGURE}, which stores it")
    for first, last in _readings(start, end, offsets):
        if last <= len(text.text) and _plain(text.text[first:last]) == _plain(quote):
            if (passage_id := text.passage_at(first, last)) is not None:
                return passage_id
            raise AnnotationError(
                f"[{start}, {end}) lies in more than one passage, or in none; label each passage by itself"
            )
    raise AnnotationError(
        f"[{start}, {end}) holds other text than the region says; label the task that this service exports"
    )


def _readings(start: int, end: int, offsets: Utf16Offsets) -> Iterator[tuple[int, int]]:
    """Yield the span as code points, and as UTF-16 units where it can be that."""
    yield start, end
    try:
        yield offsets.to_points(start), offsets.to_points(end)
    except OffsetError:
        return


def _plain(quote: str) -> str:
    return _SPACE.sub(" ", quote).strip()


def _texts(value: Mapping[str, Any], key: str) -> list[str]:
    given = value.get(key)
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given) or not given:
        raise AnnotationError(f"{key} {shown_value(given)} is no list of texts; {_CONFIGURE}")
    return given


def _name(result: object, number: int) -> str:
    name = result.get("id") if isinstance(result, dict) else None
    return name[:_SHOWN_CHARACTERS] if isinstance(name, str) and name.isprintable() and name else f"number {number + 1}"


def shown_value(value: object) -> str:
    """Return a value as a message may show it: its kind where it is large."""
    if isinstance(value, dict | list):
        return f"a {type(value).__name__}"
    if isinstance(value, int) and abs(value) > 10**18:
        return "a huge number"
    return repr(value if not isinstance(value, str) else value[:_SHOWN_CHARACTERS])
