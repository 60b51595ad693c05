"""How far second readings agree with each person and with the classifier: Cohen's weighted kappa, criterion by criterion."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.annotation import predicted_criteria
from api.store.tables import Annotation, SecondReading, StoredPrediction
from classifier.codebook import Codebook
from classifier.prediction import Prediction

Answers = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one rater's answers to a criterion agree with the second reader's; kappa is None where it is not defined."""

    rater: str
    kind: str
    criterion: str
    documents: int
    agreed: int
    kappa: float | None


def weighted_kappa(pairs: Sequence[tuple[str, str]], levels: Sequence[str], *, ordered: bool) -> float | None:
    """Return Cohen's kappa (1968) with quadratic weights where the levels are ordered, and with none elsewhere.

    None where there are no pairs, or where both raters always say the same one thing.
    """
    places = {level: place for place, level in enumerate(levels)}
    given = [(places[one], places[other]) for one, other in pairs if one in places and other in places]
    if not given:
        return None

    def apart(one: int, other: int) -> float:
        return float((one - other) ** 2) if ordered else float(one != other)

    observed = sum(apart(one, other) for one, other in given) / len(given)
    expected = sum(apart(one, other) for one, _ in given for _, other in given) / len(given) ** 2
    return None if expected == 0 else 1 - observed / expected


def agreements(session: Session, codebook: Codebook, model_id: str) -> list[Agreement]:
    """Return how every person and the model in use agree with the newest second reading of each document."""
    read = second_answers(session)
    found = _compared(f"model {model_id}", "classifier", read, _predicted(session, model_id, list(read)), codebook)
    for person, answers in sorted(_said(session, list(read)).items()):
        found += _compared(person, "person", read, answers, codebook)
    return found


def second_answers(session: Session) -> dict[str, dict[str, str]]:
    """Return the labels of each document's newest second reading, by criterion."""
    query = select(SecondReading.document_id, SecondReading.body).filter_by(kind="document", outcome="read")
    rows = session.execute(query.order_by(SecondReading.id))
    return {
        document: {key: answer["label"] for key, answer in json.loads(body)["criteria"].items()} for document, body in rows
    }  # fmt: skip


def differing(session: Session, model_id: str, criterion: str = "strength") -> list[str]:
    """Return the documents on which classifier and second reader differ: people look at those first. No label follows from it."""
    read = second_answers(session)
    told = _predicted(session, model_id, list(read))
    return [
        document
        for document, answers in read.items()
        if criterion in answers and criterion in told.get(document, {}) and answers[criterion] != told[document][criterion]
    ]  # fmt: skip


def _compared(rater: str, kind: str, read: Answers, told: Answers, codebook: Codebook) -> list[Agreement]:
    found = []
    for criterion in codebook.criteria:
        key = criterion.key
        pairs = [
            (answers[key], told[document][key])
            for document, answers in read.items()
            if key in answers and key in told.get(document, {})
        ]
        if pairs:
            agreed = sum(one == other for one, other in pairs)
            kappa = weighted_kappa(pairs, criterion.levels, ordered=criterion.ordered)
            found.append(Agreement(rater, kind, key, len(pairs), agreed, kappa))
    return found


def _predicted(session: Session, model_id: str, documents: Sequence[str]) -> dict[str, dict[str, str]]:
    wanted = set(documents)
    rows = session.execute(select(StoredPrediction.document_id, StoredPrediction.body).filter_by(model_id=model_id))
    return {
        document: predicted_criteria(Prediction.model_validate_json(body)) for document, body in rows if document in wanted
    }  # fmt: skip


def _said(session: Session, documents: Sequence[str]) -> dict[str, dict[str, dict[str, str]]]:
    """Return each person's newest answers by document and criterion."""
    wanted, said = set(documents), defaultdict[str, dict[str, dict[str, str]]](dict)
    query = select(Annotation.annotator, Annotation.document_id, Annotation.labels).where(
        Annotation.passage_id.is_(None)
    )
    for person, document, labels in session.execute(query.order_by(Annotation.id)):
        if document in wanted:
            said[person].setdefault(document, {}).update(json.loads(labels))
    return said
