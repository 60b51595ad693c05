"""Two blind annotations and what is decided between them: beside both, one after the other, never in their place."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.store.adjudications import AdjudicationError, Decision, coded_twice, decide, find_coded
from api.store.leases import finish_lease, take_lease
from api.store.tables import Adjudication, Annotation
from tests.api.store.filled import PASSAGE, add_document, person, say
from tests.api.store.test_leases import ADA, DOUBLE, EDDA, OTTO

_DECISION = Decision({"strength": "neither"}, {PASSAGE: ["tertiary"]}, "between the two", 0, "1.0")


def code(session: Session, name: str) -> str:
    """Add a document that Ada and Edda have coded, and differ on."""
    document = add_document(session, name)
    for who, strength, labels in ((ADA, "weak", ("tertiary",)), (EDDA, "strong", ())):
        take_lease(session, who, document, DOUBLE, None)
        finish_lease(session, who.id, document, say(session, who, document, passages=labels, strength=strength).id)
    return document


def test_both_lie_side_by_side_and_a_decision_beside_them(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        document = code(session, "one")
        say(
            session, ADA, document, strength="very_strong"
        )  # what she says after having seen the other counts for nothing here
        assert [row.id for row in coded_twice(session, 5)] == [document]
        coded = find_coded(session, document)
        assert coded is not None
        assert [side.criteria["strength"] for side in coded.sides] == ["weak", "strong"]
        assert [list(side.passages[PASSAGE]) for side in coded.sides] == [["tertiary"], []]
        before = session.scalar(select(func.count()).select_from(Annotation))
        made = decide(session, OTTO, coded, _DECISION, None)
        assert (made.number, made.adjudicator_name) == (1, "otto")
        assert session.scalar(select(func.count()).select_from(Annotation)) == before
        assert not coded_twice(session, 5)
        assert [row.id for row in coded_twice(session, 5, waiting=False)] == [document]
        found = find_coded(session, document)
        assert found is not None
        assert [row.id for row in found.decisions] == [made.id]


def test_one_of_the_two_does_not_decide(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        coded = find_coded(session, code(session, "one"))
        assert coded is not None
        with pytest.raises(AdjudicationError, match="is one of the two"):
            decide(session, EDDA, coded, _DECISION, None)


def test_what_one_has_coded_waits_for_the_other(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        document = add_document(session, "half")
        take_lease(session, ADA, document, DOUBLE, None)
        finish_lease(session, ADA.id, document, say(session, ADA, document, strength="weak").id)
        assert find_coded(session, document) is None
        assert not coded_twice(session, 5)


def test_of_many_who_decide_at_once_each_has_seen_what_came_before(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        document = code(session, "one")
    made: list[int] = []

    def go(name: str) -> None:
        for _ in range(5):
            try:
                with Session(engine) as session, session.begin():
                    coded = find_coded(session, document)
                    assert coded is not None
                    seen = Decision({"strength": "weak"}, {}, None, len(coded.decisions), "1.0")
                    made.append(decide(session, person(name, "adjudicator"), coded, seen, None).number)
            except AdjudicationError:
                continue

    threads = [threading.Thread(target=go, args=(f"judge{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Session(engine) as session:
        numbers = list(session.scalars(select(Adjudication.number).order_by(Adjudication.number)))
    assert numbers == sorted(made) == list(range(1, len(made) + 1))
