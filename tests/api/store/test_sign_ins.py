"""Sessions: known by a cookie that is not kept, and ended by time, by disabling and by hand."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.store.sign_ins import LONGEST, begin_sign_in, end_sign_in, end_sign_ins, find_sign_in
from api.store.tables import Person, SignIn, new_id, now

IDLE = timedelta(hours=12)


def person(session: Session, name: str = "Edda") -> Person:
    """Add a person without a password."""
    made = Person(id=new_id("person"), name=name, password_hash="none", role="annotator", created=now())
    session.add(made)
    session.flush()
    return made


def test_a_cookie_names_its_person_and_is_not_kept(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        cookie, begun = begin_sign_in(session, person(session))
        found = find_sign_in(session, cookie, IDLE)
        assert found == begun
        assert (found.caller.name, found.caller.role, found.caller.scopes) == ("Edda", "annotator", None)
        (row,) = session.scalars(select(SignIn))
        assert len(cookie) >= 43, "256 random bits"
        assert cookie not in {row.id, row.form_token}
        for given in ("", row.id, cookie[:-1], row.form_token, "\xff"):
            assert find_sign_in(session, given, IDLE) is None, given


def test_a_session_ends_when_it_is_not_used(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        cookie, _ = begin_sign_in(session, person(session))
        begun = now()
        for hours in (11, 22, 33):
            assert find_sign_in(session, cookie, IDLE, begun + timedelta(hours=hours)) is not None
        assert find_sign_in(session, cookie, IDLE, begun + timedelta(hours=33 + 12, seconds=1)) is None


def test_a_session_ends_after_seven_days_however_much_it_is_used(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        cookie, _ = begin_sign_in(session, person(session))
        begun = now()
        for hours in range(0, 7 * 24, 6):
            assert find_sign_in(session, cookie, IDLE, begun + timedelta(hours=hours)) is not None, hours
        assert find_sign_in(session, cookie, IDLE, begun + LONGEST) is None


def test_a_disabled_persons_session_is_worth_nothing(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        someone = person(session)
        cookie, _ = begin_sign_in(session, someone)
        someone.disabled = now()
        session.flush()
        assert find_sign_in(session, cookie, IDLE) is None


def test_sessions_are_ended_one_by_one_or_all(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        someone, other = person(session), person(session, "other")
        first, second, third = (begin_sign_in(session, someone) for _ in range(3))
        others, _ = begin_sign_in(session, other)
        end_sign_in(session, first[1].id)
        assert find_sign_in(session, first[0], IDLE) is None
        end_sign_ins(session, someone.id, but=second[1].id)
        assert find_sign_in(session, second[0], IDLE) is not None
        assert find_sign_in(session, third[0], IDLE) is None
        end_sign_ins(session, someone.id)
        assert find_sign_in(session, second[0], IDLE) is None
        assert find_sign_in(session, others, IDLE) is not None


def test_sessions_that_are_over_are_swept_away_by_the_next(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        someone = person(session)
        begin_sign_in(session, someone)
        session.scalars(select(SignIn)).one().expires = now() - timedelta(seconds=1)
        session.flush()
        _, begun = begin_sign_in(session, someone)
        assert session.scalars(select(SignIn.id)).all() == [begun.id]
