"""Two runs side by side: how strengths moved, which documents flipped and on what evidence, and what people have confirmed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from api.corpus.planning import RunNotFoundError
from api.store.tables import Annotation, CorpusItem, CorpusRun, StoredDocument
from classifier.codebook import STRENGTHS

# Where a prediction gives no strength, or there is none.
NOT_ENOUGH_TEXT, FAILED = "not_enough_text", "failed"
STATES = (*STRENGTHS, NOT_ENOUGH_TEXT, FAILED)
_REVIEW_STEPS = 2
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The strength that a person gave, and who that was."""

    strength: str
    annotator: str
    annotation_id: str
    created: str


@dataclass(frozen=True, slots=True)
class Flip:
    """A document whose strength is another in the second run.

    `steps` is how far it moved on the scale, weaker below 0; None where one of the two gives no strength. Evidence is told apart by its place:
    what only the first run cited, and what only the second.
    """

    document_id: str
    name: str
    authority: str | None
    kind: str | None
    year: int | None
    before: str
    after: str
    steps: int | None
    review: bool
    reason: str | None
    evidence_gone: Sequence[Mapping[str, Any]]
    evidence_new: Sequence[Mapping[str, Any]]
    confirmed: Confirmed | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one run to another, over the documents that are in both."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    documents: int
    only_before: int
    only_after: int
    # transitions[old][new]: how many documents.
    transitions: Mapping[str, Mapping[str, int]]
    flips: Sequence[Flip]
    # How many documents keep their strength, though what is cited for it or the tiers are others.
    same_strength_other_evidence: int
    # Of the documents with a person's label: how many each run agrees with.
    confirmed: int
    confirmed_agree_before: int
    confirmed_agree_after: int

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


def compare_runs(session: Session, before_id: str, after_id: str) -> Comparison:
    """Compare two runs; neither need be finished, and only documents that both have scored or failed are compared."""
    before, after = _run(session, before_id), _run(session, after_id)
    labels = confirmed_strengths(session)
    transitions = {old: dict.fromkeys(STATES, 0) for old in STATES}
    flips: list[Flip] = []
    documents = other_evidence = agree_before = agree_after = confirmed = 0
    for document, old, new in _pairs(session, before_id, after_id):
        documents += 1
        was, now_is = _state(old), _state(new)
        transitions[was][now_is] += 1
        label = labels.get(document.id)
        if label is not None:
            confirmed += 1
            agree_before += was == label.strength
            agree_after += now_is == label.strength
        if was != now_is:
            flips.append(_flip(document, old, new, label))
        elif old.prediction_digest != new.prediction_digest and _cited(old).keys() != _cited(new).keys():
            other_evidence += 1
    # The greatest leaps first; what can no longer be told, before all others.
    flips.sort(
        key=lambda flip: (not flip.review, -abs(flip.steps) if flip.steps is not None else -99, flip.document_id)
    )
    return Comparison(
        _told(before), _told(after), documents, _alone(session, before_id, after_id), _alone(session, after_id, before_id),
        transitions, flips, other_evidence, confirmed, agree_before, agree_after,
    )  # fmt: skip


def confirmed_strengths(session: Session) -> dict[str, Confirmed]:
    """Return the newest strength that a person gave each document, by its id."""
    rows = session.execute(
        select(Annotation.document_id, Annotation.labels, Annotation.annotator, Annotation.id, Annotation.created)
        .where(Annotation.passage_id.is_(None))
        .order_by(Annotation.id)
    )
    found: dict[str, Confirmed] = {}
    for document_id, labels, annotator, name, created in rows:
        strength = json.loads(labels).get("strength")
        if strength is not None:
            found[document_id] = Confirmed(strength, annotator, name, created.isoformat())
    return found


def _run(session: Session, run_id: str) -> CorpusRun:
    run = session.get(CorpusRun, run_id)
    if run is None:
        raise RunNotFoundError(f"{run_id}: no run has this id; list them with `prevention corpus runs`")
    return run


def _told(run: CorpusRun) -> dict[str, str]:
    return {
        "run": run.id, "model": run.model_id, "codebook_version": run.codebook_version, "extraction": run.extraction,
        "status": run.status,
    }  # fmt: skip


def _pairs(session: Session, before_id: str, after_id: str) -> Iterator[tuple[StoredDocument, CorpusItem, CorpusItem]]:
    """Yield the documents that both runs have come to, a few in memory at a time."""
    old, new = aliased(CorpusItem), aliased(CorpusItem)
    query = (
        select(StoredDocument, old, new)
        .join(old, old.document_id == StoredDocument.id)
        .join(new, new.document_id == StoredDocument.id)
        .where(old.run_id == before_id, new.run_id == after_id, old.status != "waiting", new.status != "waiting")
        .order_by(StoredDocument.id)
        .limit(_AT_A_TIME)
    )
    last = ""
    while rows := session.execute(query.where(StoredDocument.id > last)).tuples().all():
        yield from rows
        last = rows[-1][0].id
        session.expunge_all()


def _alone(session: Session, run_id: str, other_id: str) -> int:
    others = select(CorpusItem.document_id).where(CorpusItem.run_id == other_id, CorpusItem.status != "waiting")
    query = select(CorpusItem.document_id).where(
        CorpusItem.run_id == run_id, CorpusItem.status != "waiting", CorpusItem.document_id.not_in(others)
    )
    return len(session.scalars(query).all())


def _state(item: CorpusItem) -> str:
    if item.status == "failed":
        return FAILED
    return item.strength or NOT_ENOUGH_TEXT


def _flip(document: StoredDocument, old: CorpusItem, new: CorpusItem, label: Confirmed | None) -> Flip:
    was, now_is = _state(old), _state(new)
    steps = None
    if was in STRENGTHS and now_is in STRENGTHS:
        steps = STRENGTHS.index(now_is) - STRENGTHS.index(was)
    reason = _reason(steps, label)
    cited_old, cited_new = _cited(old), _cited(new)
    return Flip(
        document.id, document.name, document.authority, document.kind, document.year, was, now_is, steps, reason is not None, reason,
        [found for place, found in cited_old.items() if place not in cited_new],
        [found for place, found in cited_new.items() if place not in cited_old],
        label,
    )  # fmt: skip


def _reason(steps: int | None, label: Confirmed | None) -> str | None:
    """Say why a person should look at a flip; None where nobody need."""
    if label is not None:
        # A person's word stands whatever a model says.
        return None
    if steps is None:
        return "one of the two runs gives no strength"
    if abs(steps) >= _REVIEW_STEPS:
        return f"moved by {abs(steps)} steps"
    return None


def _cited(item: CorpusItem) -> dict[tuple[str, str], dict[str, Any]]:
    """Return what an item cites for its strength, by passage and direction."""
    if item.outcome is None:
        return {}
    return {(found["passage"], found["direction"]): found for found in json.loads(item.outcome)["evidence"]}
