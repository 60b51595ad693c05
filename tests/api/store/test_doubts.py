"""What a model doubts of people's labels, and only of what it has not learned."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.store.doubts import doubted
from api.store.readings import prediction_by
from api.store.tables import now
from classifier.artefact import Artefact
from classifier.reading import read_document
from classifier.score import score_document
from tests.api.store.filled import add_document, say
from tests.api.store.test_leases import ADA, EDDA
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def body(stub: Artefact) -> str:
    """A whole prediction, by the stub."""
    return score_document(read_document(SAMPLE, ocr=False), stub).model_dump_json()


def test_the_furthest_off_comes_first_and_what_was_learned_from_is_left_out(engine: Engine, body: str) -> None:
    said = json.loads(body)
    label, tier = said["strength"]["label"], said["tiers"]["tertiary"]["state"]
    with Session(engine) as session, session.begin():
        documents = [add_document(session, name) for name in ("one", "two", "three")]
        for document in documents:
            kept = prediction_by(session, document, "first")
            assert kept is not None
            kept.body = body
        far = "very_weak" if label in ("strong", "very_strong") else "very_strong"
        first = say(session, ADA, documents[0], strength=far, tertiary=tier)
        say(session, EDDA, documents[1], strength=far)
        newer = say(session, EDDA, documents[1], strength=label, primary="none" if said["tiers"]["primary"]["state"] != "none" else "emphasised")  # fmt: skip
        say(session, ADA, documents[2], not_enough_text="yes")
        session.flush()
        found = doubted(session, "first", "1.0", None)
        assert [(d.document_id, d.criterion, d.annotation_id) for d in found[:1]] == [("doc_one", "strength", first.id)]
        assert (found[0].given, found[0].likely, found[0].name) == (far, label, "one.md")
        assert found[0].steps >= 2
        assert {(d.document_id, d.criterion) for d in found[1:]} == {("doc_two", "primary")}
        assert found[1].annotation_id == newer.id, "of one person's words the newest counts"
        assert not doubted(session, "first", "1.0", now() + timedelta(seconds=1))
        assert not doubted(session, "other", "1.0", None)
        assert not doubted(session, "first", "2.0", None)
