"""What the service has made of a document, fetched and written."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from api.client.connection import Connection
from api.client.forms import Form
from classifier.errors import PreventionError


class AnswerError(PreventionError):
    """The service has answered with something that this program does not know."""


_ROUTES = {Form.json: "prediction", Form.csv: "prediction", Form.html: "report.html", Form.pdf: "annotated.pdf"}
_SUFFIXES = {Form.pdf: "annotated.pdf"}
# These are for a browser or a viewer, not for a terminal.
FILES_ONLY = (Form.html, Form.pdf)


def fetch_result(connection: Connection, document_id: str, form: Form, output: Path | None) -> Path | None:
    """Fetch a result and write it to standard output or, where `output` names a folder, into it; return the file's path."""
    here = f"/v1/documents/{quote(document_id, safe='')}"
    content = connection.get(f"{here}/{_ROUTES[form]}").content
    if output is None:
        sys.stdout.write(_table_row(content) if form is Form.csv else content.decode("utf-8") + "\n")
        sys.stdout.flush()
        return None
    document: dict[str, Any] = connection.get(here).json()
    if form is Form.csv:
        content = (csv_header() + _table_row(content)).encode("utf-8")
    # The name is what the service says; only its last part counts, and the digest keeps two of one name apart.
    name = f"{Path(document['name']).stem}-{document['digest'][:8]}.{_SUFFIXES.get(form, form.value)}"
    path = output / Path(name).name
    _write(path, content)
    return path


def csv_header() -> str:
    """Return the first line of a table of results."""
    from classifier.report.plain import CSV_HEADER

    return CSV_HEADER


def _table_row(prediction: bytes) -> str:
    from classifier.prediction import Prediction
    from classifier.report.plain import csv_row

    try:
        return csv_row(Prediction.model_validate(json.loads(prediction)))
    except (ValueError, ValidationError) as error:
        raise AnswerError("the prediction has a form that this version does not know; install the service's version") from error  # fmt: skip


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_bytes(content)
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise PreventionError(f"{path}: cannot be written ({error.strerror}); name another folder with --output") from error  # fmt: skip
