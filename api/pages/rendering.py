"""Templates rendered to pages: everything is escaped, and the headers let nothing run that is not this service's own file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse

from api.pages.assets import assets
from api.store.sign_ins import SignedIn

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


def render(template: str, status: int = 200, /, signed_in: SignedIn | None = None, **values: Any) -> HTMLResponse:
    """Return a page, or a part of one, for whoever has signed in."""
    caller = signed_in.caller if signed_in is not None else None
    known = {"caller": caller, "form_token": signed_in.form_token if signed_in is not None else ""}
    text = _environment().get_template(template).render({**known, **values})
    # What a stranger's document says may hold half a surrogate pair, which no page can.
    return HTMLResponse(text.encode("utf-8", "replace"), status, HEADERS)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # The codebook's order is the order on the page.
    environment.policies["json.dumps_kwargs"] = {"sort_keys": False}
    environment.globals["asset"] = assets().url
    environment.filters |= {"words": words, "moment": moment, "percent": percent}
    return environment


def words(key: str) -> str:
    """Return a key of the codebook as words."""
    return _WORDS.get(key, key.replace("_", " "))


_WORDS: Mapping[str, str] = {
    "not_enough_text": "not enough readable text",
    "not_applicable": "not applicable",
    "care_act": "Care Act",
    "awareness_only": "awareness only",
}


def moment(value: datetime) -> str:
    """Return a moment as people write it, in UTC."""
    return value.strftime("%-d %b %Y, %H:%M UTC")


def percent(value: float) -> str:
    """Return a share in whole hundredths."""
    return f"{value * 100:.0f} %"
