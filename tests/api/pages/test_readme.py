"""The README's table of pages."""

from __future__ import annotations

import re

from api.pages.routes import ROUTERS
from tests.conftest import ROOT


def test_every_page_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    paths = {route.path for router in ROUTERS for route in router.routes if "GET" in route.methods}  # type: ignore[attr-defined]
    parts = {"/", "/favicon.ico", "/static/{version}/{name:path}", "/documents/{document_id}/row"}
    assert set(re.findall(r"^\| `(/[^`]*)` \|", readme, re.MULTILINE)) == paths - parts
