"""`prevention client`: submit documents to a service, wait for their jobs, fetch what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.client.forms import Form
from classifier.errors import MissingExtraError

if TYPE_CHECKING:
    from api.client.connection import Connection

app = typer.Typer(help="Use a running service: submit documents, wait for jobs, fetch results.", no_args_is_help=True)

UrlOption = Annotated[str, typer.Option("--url", envvar="PREVENTION_URL", help="Address of the service.")]
KeyOption = Annotated[str | None, typer.Option("--key", envvar="PREVENTION_KEY", show_envvar=True, help="Key to the service; better in the environment, where other users do not see it.")]  # fmt: skip
PatienceOption = Annotated[float, typer.Option("--patience", min=0, help="Seconds for which a request is tried again while the service is busy or away.")]  # fmt: skip
OutputOption = Annotated[Path | None, typer.Option(help="Write one file per document into this folder.")]
_URL = "http://127.0.0.1:8000"
_PATIENCE = 120.0


def _connect(url: str, key: str | None, patience: float) -> Connection:
    from importlib.util import find_spec

    if find_spec("httpx") is None:
        raise MissingExtraError("the client", "client")
    from api.client.connection import Connection

    return Connection(url, key, patience)


@app.command()
def submit(
    files: Annotated[list[Path], typer.Argument(help="Documents; a folder stands for the documents in it.")],
    url: UrlOption = _URL,
    key: KeyOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the predictions, and print them as JSON.")] = False,
    output: OutputOption = None,
    patience: PatienceOption = _PATIENCE,
) -> None:
    """Submit documents: one line of JSON for each, with the ids of document and job. --output waits, too.

    Exit status: 0 when all went well, 1 when one or more failed, 2 when the call itself is wrong.
    """
    connection = _connect(url, key, patience)
    from api.client.batch import submit_files

    raise typer.Exit(submit_files(connection, files, output, wait=wait or output is not None))


@app.command()
def wait(
    jobs: Annotated[list[str], typer.Argument(help="Ids of jobs.")],
    url: UrlOption = _URL,
    key: KeyOption = None,
    patience: PatienceOption = _PATIENCE,
) -> None:
    """Wait until jobs have ended, and print each as one line of JSON. Exit status as for `submit`."""
    connection = _connect(url, key, patience)
    from api.client.batch import wait_for_jobs

    raise typer.Exit(wait_for_jobs(connection, jobs))


@app.command()
def fetch(
    documents: Annotated[list[str], typer.Argument(help="Ids of documents.")],
    output_format: Annotated[
        Form,
        typer.Option("--format", help="json or csv: the prediction; html: the report; pdf: the PDF highlighted."),
    ] = Form.json,
    output: OutputOption = None,
    url: UrlOption = _URL,
    key: KeyOption = None,
    patience: PatienceOption = _PATIENCE,
) -> None:
    """Fetch what the service found in documents. html and pdf need --output. Exit status as for `submit`."""
    connection = _connect(url, key, patience)
    from api.client.batch import fetch_documents

    raise typer.Exit(fetch_documents(connection, documents, output_format, output))
