"""The forms in which a result is fetched. Apart from the rest, so that `--help` loads nothing heavy."""

from __future__ import annotations

from enum import StrEnum


class Form(StrEnum):
    """In which form a result is fetched."""

    json = "json"
    html = "html"
    pdf = "pdf"
    csv = "csv"
