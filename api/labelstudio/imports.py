"""Annotated tasks taken in: what holds is appended, what does not is named, and the same export taken in twice adds nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.annotation import AnnotationError, Shown, differs, is_version
from api.labelstudio.results import Fault, read_results, shown_value
from api.labelstudio.tasks import TaskText, task_text
from api.store.annotations import Origin, append
from api.store.keys import Caller
from api.store.readings import find_reading, prediction_by, shown
from api.store.tables import StoredDocument
from classifier.codebook import Codebook

SOURCE = "label-studio"
# Ids come as numbers or short texts. They are joined into one id, so they hold none of its separators.
_ID = re.compile(r"[A-Za-z0-9_-]{1,60}")
_MOMENT = re.compile(r"[0-9A-Za-z :.+-]{1,60}")
_NAME_CHARACTERS = 200


@dataclass
class Outcome:
    """What became of an import. `skipped` counts annotations that were cancelled or hold no label."""

    tasks: int = 0
    annotations: int = 0
    added: int = 0
    there: int = 0
    skipped: int = 0
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Task:
    """A task whose document is here."""

    name: str
    document_id: str
    text: TaskText
    codebook_version: str
    predictions: Mapping[object, object]


class Importer:
    """Takes annotated tasks in, for one caller and one request. `thresholds` are those of each model at hand."""

    def __init__(
        self,
        engine: Engine,
        caller: Caller,
        codebook: Codebook,
        thresholds: Mapping[str, Mapping[str, float]],
        request_id: str | None,
    ) -> None:
        self.outcome = Outcome()
        self._engine, self._caller, self._codebook = engine, caller, codebook
        self._thresholds, self._request_id = thresholds, request_id

    def take(self, number: int, given: object) -> None:
        """Take in one task of an export, in one transaction; what is wrong with it goes to the faults."""
        self.outcome.tasks += 1
        name = f"number {number + 1}"
        if not isinstance(given, dict):
            return self._fault(name, None, None, f"{shown_value(given)} is no task; export the tasks as JSON")
        name = _identity(given.get("id")) or name
        with Session(self._engine) as session, session.begin():
            try:
                task = self._task(session, name, given)
            except AnnotationError as error:
                return self._fault(name, None, None, str(error))
            annotations = given.get("annotations")
            if not isinstance(annotations, list):
                return self._fault(name, None, None, "the task has no list of annotations; export the tasks as JSON")
            for place, annotation in enumerate(annotations):
                self._annotation(session, task, place, annotation)
        return None

    def _task(self, session: Session, name: str, given: Mapping[str, Any]) -> _Task:
        data = given.get("data")
        document_id = data.get("document_id") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not _is_id(document_id) or session.get(StoredDocument, document_id) is None:
            raise AnnotationError(f"document_id {shown_value(document_id)} is no document of this store; import the tasks that /v1/exports/label-studio gives")  # fmt: skip
        reading_id = data.get("reading_id")
        reading = find_reading(session, str(document_id), reading_id if _is_id(reading_id) else None)
        if reading is None:
            raise AnnotationError(f"{document_id} is not read yet; wait for its job")
        version = data.get("codebook_version")
        predictions = given.get("predictions")
        return _Task(
            name,
            reading.document_id,
            task_text(reading),
            str(version) if is_version(version) else self._codebook.version,
            {p.get("id"): p.get("model_version") for p in predictions if isinstance(p, dict) and _hashable(p.get("id"))}
            if isinstance(predictions, list)
            else {},
        )

    def _annotation(self, session: Session, task: _Task, place: int, given: object) -> None:
        self.outcome.annotations += 1
        name = f"number {place + 1}"
        if not isinstance(given, dict):
            return self._fault(
                task.name, name, None, f"{shown_value(given)} is no annotation; export the tasks as JSON"
            )
        identity, moment = _identity(given.get("id")), _moment(given)
        if identity is None or moment is None:
            return self._fault(task.name, identity or name, None, "the annotation has no id or no updated_at, so it could be taken in twice; export the tasks as JSON")  # fmt: skip
        if given.get("was_cancelled") is True:
            self.outcome.skipped += 1
            return None
        before = self._shown(session, task, identity, given)
        found = read_results(given.get("result"), task.text, self._codebook)
        for region, detail in found.faults:
            self._fault(task.name, identity, region, detail)
        origin = Origin(
            task.document_id, _annotator(given.get("completed_by")), SOURCE, f"{identity}@{moment}",
            task.codebook_version, before.model_id if before is not None else None,
        )  # fmt: skip
        kept = list(found.labels(self._codebook, task.text, before))
        if not kept and not found.faults:
            self.outcome.skipped += 1
        for labels in kept:
            became, _ = append(session, self._caller, origin, labels, differs(labels, before), self._request_id)
            if became == "conflict":
                self._fault(task.name, identity, labels.passage_id, f"{origin.id_of(labels)} is here already with other labels; save it again in Label Studio, so that its updated_at changes")  # fmt: skip
            else:
                self.outcome.added += became == "added"
                self.outcome.there += became == "there"
        return None

    def _shown(self, session: Session, task: _Task, annotation: str, given: Mapping[str, Any]) -> Shown | None:
        """Return the prediction that the annotation began from, found in our own store by the model that is named."""
        said, parent = given.get("prediction"), given.get("parent_prediction")
        named = said.get("model_version") if isinstance(said, dict) else None
        if named is None and _hashable(parent):
            named = task.predictions.get(parent)
        if named is None:
            return None
        kept = prediction_by(session, task.document_id, named) if _is_id(named) else None
        if kept is None or kept.model_id not in self._thresholds:
            self._fault(task.name, annotation, None, f"model_version {shown_value(named)} has made no prediction of this document, or is no longer at hand; the labels are kept, and whether they change it is left open")  # fmt: skip
            return None
        return shown(session, kept, self._thresholds[kept.model_id])

    def _fault(self, task: str, annotation: str | None, region: str | None, detail: str) -> None:
        self.outcome.faults.append(Fault(task, annotation, region, detail))


def _identity(value: object) -> str | None:
    """Return an id as a short text; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | str) or (isinstance(value, int) and abs(value) > 10**18):
        return None
    return str(value) if _ID.fullmatch(str(value)) else None


def _moment(annotation: Mapping[str, Any]) -> str | None:
    value = annotation.get("updated_at") or annotation.get("created_at")
    return value if isinstance(value, str) and _MOMENT.fullmatch(value) else None


def _annotator(value: object) -> str:
    """Return who annotated, as Label Studio says: an address where it gives one, else a number."""
    if isinstance(value, dict):
        value = value.get("email") or value.get("username") or value.get("id")
    if isinstance(value, str) and value and value.isprintable():
        return value[:_NAME_CHARACTERS]
    identity = _identity(value)
    return f"user {identity}" if identity is not None else "unknown"


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and len(value) <= _NAME_CHARACTERS


def _hashable(value: object) -> bool:
    return isinstance(value, int | str)
