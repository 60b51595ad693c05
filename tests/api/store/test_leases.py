"""Leases: nobody gets what another has, but where two shall; nobody sees what is to be hidden; nothing is held for ever."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.store.leases import (
    Terms,
    all_withheld,
    being_coded,
    end_expired,
    finish_lease,
    leases_held,
    release_lease,
    take_lease,
    withheld,
)
from api.store.tables import Annotation, ReviewLease
from tests.api.store.filled import add_document, person, say

HOUR = timedelta(hours=1)
SHOWN = Terms(HOUR, blind=False, double=False, model_id="first")
BLIND = Terms(HOUR, blind=True, double=False, model_id="first")
DOUBLE = Terms(HOUR, blind=True, double=True, model_id="first")
ADA, EDDA, OTTO = map(person, ("ada", "edda", "otto"))


@pytest.fixture
def document(engine: Engine) -> str:
    with Session(engine) as session, session.begin():
        return add_document(session, "one")


def test_one_has_it_and_two_where_it_is_coded_twice(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        mine = take_lease(session, ADA, document, SHOWN, None)
        assert mine is not None
        assert take_lease(session, EDDA, document, SHOWN, None) is None
        again = take_lease(session, ADA, document, SHOWN, None)
        assert again is not None
        assert again.id == mine.id, "asked again, it is the same lease, and lasts longer"
        other = add_document(session, "two")
        assert all(take_lease(session, who, other, DOUBLE, None) for who in (ADA, EDDA))
        assert take_lease(session, OTTO, other, DOUBLE, None) is None


def test_what_ran_out_or_was_given_back_is_free_again(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        take_lease(session, ADA, document, Terms(timedelta(seconds=-1), False, False, None), None)
        end_expired(session)
        taken = take_lease(session, EDDA, document, SHOWN, None)
        assert taken is not None
        release_lease(session, EDDA, taken, None)
        session.flush()
        assert take_lease(session, OTTO, document, SHOWN, None) is not None
        assert [lease.person for lease in leases_held(session, OTTO.id)] == [OTTO.id]
        assert not leases_held(session, EDDA.id)


def test_what_is_done_is_given_to_nobody_again(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        take_lease(session, ADA, document, SHOWN, None)
        finish_lease(session, ADA.id, document, say(session, ADA, document, strength="weak").id)
        assert take_lease(session, EDDA, document, SHOWN, None) is None
        assert take_lease(session, ADA, document, SHOWN, None) is None


def test_a_prediction_is_withheld_until_the_annotation_is_in(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        take_lease(session, ADA, document, BLIND, None)
        assert withheld(session, ADA.id, document)
        assert not withheld(session, EDDA.id, document)
        assert all_withheld(session, ADA.id) == {document}
        finish_lease(session, ADA.id, document, say(session, ADA, document, strength="weak").id)
        assert not withheld(session, ADA.id, document)
        assert not all_withheld(session, ADA.id)


def test_to_let_a_lease_run_out_shows_nothing_and_giving_back_ends_blindness(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        lease = take_lease(session, ADA, document, Terms(timedelta(seconds=-1), True, False, None), None)
        assert lease is not None
        end_expired(session)
        assert withheld(session, ADA.id, document)
        # Its annotation still counts, as nobody else has got the place.
        finish_lease(session, ADA.id, document, say(session, ADA, document, strength="weak").id)
        session.expire_all()
        assert lease.outcome == "done"
        second = add_document(session, "two")
        given_back = take_lease(session, ADA, second, BLIND, None)
        assert given_back is not None
        release_lease(session, ADA, given_back, None)
        assert not withheld(session, ADA.id, second)
        anew = take_lease(session, ADA, second, BLIND, None)
        assert anew is not None
        assert anew.blind is False, "it may have been looked at meanwhile"
        third = add_document(session, "three")
        coded = take_lease(session, ADA, third, DOUBLE, None)
        assert coded is not None
        release_lease(session, ADA, coded, None)
        assert take_lease(session, ADA, third, DOUBLE, None) is None


def test_a_place_that_another_has_got_is_not_taken_back(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        take_lease(session, ADA, document, Terms(timedelta(seconds=-1), True, False, None), None)
        end_expired(session)
        take_lease(session, EDDA, document, SHOWN, None)
        late = say(session, ADA, document, strength="weak").id
        finish_lease(session, ADA.id, document, late)
        assert not withheld(session, ADA.id, document), "the annotation is in"
    with Session(engine) as session:
        assert session.get(Annotation, late) is not None, "and nothing of it is lost"
        outcomes = {lease.person: lease.outcome for lease in session.scalars(select(ReviewLease))}
        assert outcomes == {ADA.id: "expired", EDDA.id: None}


def test_what_the_first_of_two_said_is_hidden_until_both_have(engine: Engine, document: str) -> None:
    with Session(engine) as session, session.begin():
        for who in (ADA, EDDA):
            take_lease(session, who, document, DOUBLE, None)
        finish_lease(session, ADA.id, document, say(session, ADA, document, strength="weak").id)
        assert being_coded(session) == {document}
        finish_lease(session, EDDA.id, document, say(session, EDDA, document, strength="strong").id)
        assert being_coded(session) == frozenset()


def test_many_at_once_share_documents_without_a_clash(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        documents = [add_document(session, f"shared{n}") for n in range(6)]
    got: dict[str, list[str]] = defaultdict(list)
    guard = threading.Lock()

    def work(name: str) -> None:
        who = person(name)
        for document in documents:
            terms = DOUBLE if document.endswith(("0", "1")) else SHOWN
            with Session(engine) as session, session.begin():
                taken = take_lease(session, who, document, terms, None)
                if taken is not None:
                    finish_lease(session, who.id, document, say(session, who, document, strength="weak").id)
            if taken is not None:
                with guard:
                    got[document].append(name)

    threads = [threading.Thread(target=work, args=(f"p{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {document: len(names) for document, names in got.items()} == {
        document: 2 if document.endswith(("0", "1")) else 1 for document in documents
    }
    assert all(len(set(names)) == len(names) for names in got.values())
