"""People who use the pages: each a browser of its own that has signed in."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.api.http.test_session import PASSWORD, add, browser, sign_in
from tests.api.service import RunningService

_numbers = itertools.count()


@contextmanager
def visitor(service: RunningService, client: httpx.Client, role: str = "annotator") -> Iterator[httpx.Client]:
    """Yield a browser that a new person of that role has signed in with."""
    name = f"Visitor {next(_numbers)}"
    add(client, name, role)
    with browser(service, Accept="text/html") as page:
        assert sign_in(page, name, PASSWORD).status_code == 201
        yield page


def form_token(text: str) -> str:
    """Return the token that a page's forms send."""
    found = re.search(r'<meta name="form-token" content="([^"]+)">', text)
    assert found is not None
    return found[1]
