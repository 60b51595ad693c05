"""Passwords: argon2id, each with its own salt, and hashed anew when the parameters change."""

from __future__ import annotations

from argon2 import PasswordHasher

from api.store.passwords import hash_password, is_outdated, is_right

PASSWORD = "four words in a row"


def test_a_password_is_told_from_another() -> None:
    held = hash_password(PASSWORD)
    assert held.startswith("$argon2id$")
    assert held != hash_password(PASSWORD)
    assert is_right(PASSWORD, held)
    assert not is_right(f"{PASSWORD} ", held)
    assert not is_right(PASSWORD, "no hash")
    assert not is_right(PASSWORD, None)


def test_a_hash_of_other_parameters_is_outdated() -> None:
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD))
    assert not is_outdated(hash_password(PASSWORD))
