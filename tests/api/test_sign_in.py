"""Signing in while the password is changed or the person disabled at the same moment."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.access import PersonChange, add_person, change_person
from api.sign_in import Attempt, sign_in
from api.store.audit import COMMAND_LINE
from api.store.passwords import hash_password
from api.store.tables import SignIn

PASSWORD = "four words in a row"


@pytest.mark.parametrize("change", [PersonChange(password_hash="another"), PersonChange(disabled=True)])
def test_no_session_outlives_the_password_it_began_with(engine: Engine, change: PersonChange) -> None:
    held = hash_password(PASSWORD)
    for attempt in range(6):
        with Session(engine) as session, session.begin():
            person = add_person(session, COMMAND_LINE, f"person {attempt}", "viewer", held).id
        with ThreadPoolExecutor(4) as pool:
            signing = [pool.submit(sign_in, engine, Attempt(f"person {attempt}", PASSWORD, "here")) for _ in range(3)]
            # At another moment of the work on the password each time.
            time.sleep(0.02 * attempt)
            with Session(engine) as session, session.begin():
                change_person(session, COMMAND_LINE, person, change)
        assert all(one.exception() is None for one in signing)
        with Session(engine) as session:
            assert session.scalar(select(func.count()).select_from(SignIn)) == 0
