"""Which scope a route asks for: told from the tag of its router and its method, in this one table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from api.store.tables import Scope

Need = Scope | Literal["none"]


class Needs(NamedTuple):
    """What reading asks for and what changing does; None where no route does that, so that a new one is refused."""

    read: Need | None
    change: Need | None


SCOPE_OF_TAG = {
    "documents": Needs("read", "submit"),
    "jobs": Needs("read", "submit"),
    "submissions": Needs("read", "submit"),
    "models": Needs("read", "admin"),
    "search": Needs("read", None),
    "scoring": Needs("score", "score"),
    "exports": Needs("export", "export"),
    "annotations": Needs("read", "annotate"),
    "review": Needs("read", "annotate"),
    "label-studio": Needs("read", "annotate"),
    "second-readings": Needs("read", "annotate"),
    "keys": Needs("admin", "admin"),
    "people": Needs("admin", "admin"),
    "audit": Needs("admin", "admin"),
    "corpus": Needs("read", "admin"),
    "webhooks": Needs("admin", "admin"),
    "operations": Needs("admin", "admin"),
    "session": Needs("none", "none"),
}
READING = ("GET", "HEAD", "OPTIONS")


def needed_scope(tags: Iterable[str], method: str) -> Need | None:
    """Return the scope that a route asks for, by the last of its tags that the table knows; None where the table says nothing."""
    known = [SCOPE_OF_TAG[tag] for tag in tags if tag in SCOPE_OF_TAG]
    if not known:
        return None
    return known[-1].read if method in READING else known[-1].change
