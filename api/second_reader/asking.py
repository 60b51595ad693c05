"""Which documents the service has read a second time by itself: those that the classifier leaves open, that two people disagree on, and a share by chance."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.second_reader.configuration import ReaderSettings
from api.second_reader.prompts import VERSION
from api.second_reader.requests import put
from api.store.tables import Annotation, ReaderRequest, StoredDocument, StoredPrediction
from api.store.tables.reader import ReadingReason

SERVICE = "service"
# A share of all digests: they are as good as chance, and the same for everybody who counts again.
_DIGITS = 8
_AT_A_TIME = 200


def ask_by_itself(session: Session, settings: ReaderSettings, model_id: str) -> int:
    """Queue what is to be read and was not asked for yet; return how many requests that made."""
    wanted: list[tuple[ReadingReason, Iterator[str]]] = []
    if settings.abstained:
        wanted.append(("abstained", _abstained(session, model_id)))
    if settings.disagreement:
        wanted.append(("disagreement", _disagreed(session)))
    if settings.share > 0:
        wanted.append(("share", _share(session, settings.share)))
    made = 0
    for reason, documents in wanted:
        for document_id in list(documents):
            made += put(session, document_id, SERVICE, reason=reason) is not None
    return made


def in_share(digest: str, share: float) -> bool:
    """Tell whether a document is in the random share."""
    return int(digest[-_DIGITS:], 16) < share * float(16**_DIGITS)


def _not_asked(reason: ReadingReason) -> object:
    once = f"{reason}:"
    return ~exists().where(ReaderRequest.once == once + StoredDocument.id + f":{VERSION}")


def _abstained(session: Session, model_id: str) -> Iterator[str]:
    query = (
        select(StoredDocument.id, StoredPrediction.body)
        .join(StoredPrediction, StoredPrediction.document_id == StoredDocument.id)
        .where(StoredPrediction.model_id == model_id, StoredPrediction.strength.is_not(None), _not_asked("abstained"))  # type: ignore[arg-type]
        .order_by(StoredPrediction.id)
    )
    for document_id, body in session.execute(query.execution_options(yield_per=_AT_A_TIME)):
        # More than one label in the set: the case is for a person.
        if len(json.loads(body)["strength"]["set"]) > 1:
            yield document_id


def _disagreed(session: Session) -> Iterator[str]:
    query = (
        select(StoredDocument.id, Annotation.annotator, Annotation.labels)
        .join(Annotation, Annotation.document_id == StoredDocument.id)
        .where(Annotation.passage_id.is_(None), _not_asked("disagreement"))  # type: ignore[arg-type]
        .order_by(Annotation.id)
    )
    said: dict[str, dict[str, dict[str, str]]] = defaultdict(dict)
    for document_id, annotator, labels in session.execute(query):
        said[document_id].setdefault(annotator, {}).update(json.loads(labels))
    for document_id, by_person in said.items():
        people = list(by_person.values())
        if any(one[key] != other[key] for one in people for other in people for key in one.keys() & other.keys()):
            yield document_id


def _share(session: Session, share: float) -> Iterator[str]:
    scored = exists().where(StoredPrediction.document_id == StoredDocument.id)
    query = select(StoredDocument.id, StoredDocument.digest).where(scored, _not_asked("share"))  # type: ignore[arg-type]
    for document_id, digest in session.execute(query.order_by(StoredDocument.id)):
        if in_share(digest, share):
            yield document_id
