"""Passwords: kept as argon2id hashes, with the parameters that the library recommends at the time."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()
# What a password is compared with where nobody has the name, so that the time taken does not tell.
_NOBODYS = _hasher.hash(secrets.token_urlsafe(32))


def hash_password(password: str) -> str:
    """Return what is kept of a password. Takes about 0.1 s and 64 MB, on purpose."""
    return _hasher.hash(password)


def is_right(password: str, held: str | None) -> bool:
    """Tell whether a password is the one that was hashed; where there is none (None), take as long and say no."""
    try:
        _hasher.verify(held if held is not None else _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return False
    return held is not None


def is_outdated(held: str) -> bool:
    """Tell whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(held)
