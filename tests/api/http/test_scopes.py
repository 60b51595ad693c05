"""The table of scopes: what it does not know is refused."""

from __future__ import annotations

import pytest

from api.http.scopes import needed_scope


@pytest.mark.parametrize(
    ("tags", "method"), [([], "GET"), (["service"], "GET"), (["new"], "POST"), (["search"], "POST")]
)
def test_a_route_that_the_table_does_not_know_is_nobodys(tags: list[str], method: str) -> None:
    assert needed_scope(tags, method) is None


def test_the_last_tag_that_is_known_decides() -> None:
    assert needed_scope(["service", "models"], "GET") == "read"
    assert needed_scope(["documents", "exports"], "GET") == "export"
    assert needed_scope(["documents"], "DELETE") == "submit"
