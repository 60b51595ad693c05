"""Which documents wait to be reviewed by a person, with the figures that they are ordered by."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.review import LEVELS, Candidate, Figures, figures_of, share_of
from api.store.leases import PLACES
from api.store.rows import insert_unless_there
from api.store.tables import Annotation, ReviewFigure, ReviewLease, StoredDocument, StoredPrediction, now

DOUBLE, BLIND = "double", "blind"
# So many predictions are looked into by one request; the others are there with the next.
_MOST, _AT_A_TIME = 2_000, 20


@dataclass(frozen=True, slots=True)
class Waiting:
    """The documents that a person may be given, how many wait at all, and how many are reviewed. Only scored ones count."""

    candidates: Sequence[Candidate]
    all: Sequence[Candidate]
    reviewed: int


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a document's review: who has done it, who is at it, strengths that people gave, and who labelled it as a whole."""

    done: set[str]
    places: int
    at: set[str]
    strengths: set[int]
    people: set[str]


def waiting(session: Session, person: str, model_id: str, double_share: float, authority: str | None = None) -> Waiting:
    """Return what waits for review: what too few have done, and what people and the model dispute."""
    figures, strengths = _figures(session, model_id), _strengths(session)
    told = _told(session)
    query = select(StoredDocument.id, StoredDocument.name, StoredDocument.authority, StoredDocument.year)
    if authority is not None:
        query = query.where(StoredDocument.authority == authority)
    own: list[Candidate] = []
    every: list[Candidate] = []
    reviewed = 0
    for row in session.execute(query.order_by(StoredDocument.id)):
        if row.id not in figures:
            continue
        chosen, found = figures[row.id]
        said = told.get(row.id, _Told(set(), 0, set(), set(), set()))
        places = PLACES if is_double(row.id, double_share) else 1
        apart = {*strengths[row.id], *said.strengths}
        if _is_reviewed(said, places, chosen):
            reviewed += 1
            continue
        steps = max(apart) - min(apart) if apart else 0
        candidate = Candidate(row.id, row.name, row.authority, row.year, found, steps)
        every.append(candidate)
        if person not in said.done | said.people and (person in said.at or said.places < places):
            own.append(candidate)
    return Waiting(own, every, reviewed)


def is_double(document_id: str, share: float) -> bool:
    """Tell whether two people code a document."""
    return share_of(document_id, DOUBLE) < share


def is_blind(document_id: str, share: float) -> bool:
    """Tell whether a document is labelled before its prediction is seen."""
    return share_of(document_id, BLIND) < share


def _is_reviewed(said: _Told, places: int, chosen: int | None) -> bool:
    if len(said.done) >= places:
        return True
    # Labels that came without a lease, from an import perhaps, count where nobody disputes them.
    undisputed = bool(said.people) and len({*said.strengths, *([] if chosen is None else [chosen])}) <= 1
    return places == 1 and undisputed


def _told(session: Session) -> Mapping[str, _Told]:
    found: dict[str, _Told] = defaultdict(lambda: _Told(set(), 0, set(), set(), set()))
    leases = select(ReviewLease.document_id, ReviewLease.person, ReviewLease.outcome, ReviewLease.expires)
    places: dict[str, int] = defaultdict(int)
    moment = now()
    for lease in session.execute(leases.where(ReviewLease.outcome.is_(None) | (ReviewLease.outcome == "done"))):
        if lease.outcome == "done":
            found[lease.document_id].done.add(lease.person)
            places[lease.document_id] += 1
        elif lease.expires > moment:
            found[lease.document_id].at.add(lease.person)
            places[lease.document_id] += 1
    words = select(Annotation.document_id, Annotation.added_by, Annotation.labels)
    for word in session.execute(words.where(Annotation.passage_id.is_(None))):
        found[word.document_id].people.add(word.added_by)
        level = json.loads(word.labels).get("strength")
        if level in LEVELS:
            found[word.document_id].strengths.add(LEVELS.index(level))
    return {
        document: _Told(told.done, places[document], told.at, told.strengths, told.people)
        for document, told in found.items()
    }


def _strengths(session: Session) -> Mapping[str, set[int]]:
    """Return every strength that any model has given, by document."""
    found: dict[str, set[int]] = defaultdict(set)
    for row in session.execute(select(StoredPrediction.document_id, StoredPrediction.strength)):
        if row.strength is not None:
            found[row.document_id].add(LEVELS.index(row.strength))
    return found


def _chosen(session: Session, model_id: str) -> Mapping[str, tuple[str, str | None]]:
    """Return each document's prediction and its strength: by this model where there is one, else the newest."""
    query = select(
        StoredPrediction.id, StoredPrediction.document_id, StoredPrediction.model_id, StoredPrediction.strength
    )
    rows = sorted(session.execute(query.order_by(StoredPrediction.id)), key=lambda row: row.model_id == model_id)
    return {row.document_id: (row.id, row.strength) for row in rows}


def _figures(session: Session, model_id: str) -> Mapping[str, tuple[int | None, Figures]]:
    """Return each scored document's strength and figures."""
    known = {row.prediction_id: row for row in session.scalars(select(ReviewFigure))}
    return {
        document: (None if strength is None else LEVELS.index(strength), Figures(row.error, row.steps, row.information))
        for document, (prediction, strength) in _chosen(session, model_id).items()
        if (row := known.get(prediction)) is not None
    }


def tell_figures(engine: Engine, model_id: str) -> int:
    """Write down the figures of predictions that have none yet; return of how many. They are told once, and a few at a time."""
    with Session(engine) as session:
        known = set(session.scalars(select(ReviewFigure.prediction_id)))
        missing = [name for name, _ in _chosen(session, model_id).values() if name not in known][:_MOST]
    for start in range(0, len(missing), _AT_A_TIME):
        with Session(engine) as session, session.begin():
            some = missing[start : start + _AT_A_TIME]
            for row in session.scalars(select(StoredPrediction).where(StoredPrediction.id.in_(some))):
                strength = json.loads(row.body)["strength"]
                found = figures_of(strength["label"], strength["probabilities"], json.loads(row.passage_probabilities or "{}"))  # fmt: skip
                insert_unless_there(
                    session, ReviewFigure, prediction_id=row.id, error=found.error, steps=found.steps,
                    information=found.information,
                )  # fmt: skip
    return len(missing)
