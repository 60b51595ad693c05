"""The service shown at work: `make run` starts it, submits the sample through the API and says how to go on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import typer
from sqlalchemy.orm import Session

from api.settings import Settings
from api.store.audit import COMMAND_LINE, record
from api.store.database import open_database
from api.store.keys import make_key
from api.store.tables import now
from classifier.batch import score_files
from classifier.errors import ConfigurationError
from classifier.prediction import Prediction
from classifier.report.words import STATE_WORDS, STRENGTH_WORDS, TIER_WORDS

SAMPLE = Path(__file__).resolve().parent.parent / "docs/sample/saltmarsh-strategy-2024.pdf"
_READY_SECONDS = 60.0
_DONE_SECONDS = 120.0
_KEY_LIVES = timedelta(days=1)
_TRIES = 50


def demonstrate(settings: Settings, output: Path, *, once: bool) -> int:
    """Serve the store, score the sample through it, and go on until interrupted, or end at once; return the exit status."""
    key = _key(settings)
    port = _free_port(settings.host, settings.port)
    log = output / "service.log"
    output.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as written:
        service = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-c", "from classifier.commands import main; main()", "serve", "--data", str(settings.data), "--port", str(port)],
            stdout=written, stderr=written, start_new_session=True,
        )  # fmt: skip
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda number, _frame: sys.exit(128 + number))
    address = f"http://{settings.host}:{port}"
    try:
        with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=90) as client:
            _until_ready(client, service, log)
            typer.echo(_line(_score(client)))
        score_files([SAMPLE], "html", output, annotated=False, ocr=settings.ocr, model=None)
        report = max(output.glob(f"{SAMPLE.stem}-*.html"), key=lambda path: path.stat().st_mtime)
        typer.echo(f"report:  {report}, one file that opens in any browser")
        typer.echo(f"address: {address}  (its log: {log})")
        typer.echo(f"key:     {key}  (for a day; stored as a hash, and shown only now)")
        typer.echo("a file of your own:")
        typer.echo(f'  curl -H "Authorization: Bearer {key}" -F file=@FILE.pdf {address}/v1/documents')
        if not once:
            typer.echo("serving until Ctrl-C")
            with suppress(KeyboardInterrupt):
                return service.wait()
        return 0
    finally:
        _end(service)


def _key(settings: Settings) -> str:
    """Make a key for this run: those of earlier runs are kept as hashes only."""
    engine = open_database(settings)
    with Session(engine) as session, session.begin():
        key = make_key(session, "make run", "annotator", now() + _KEY_LIVES)
        record(
            session, COMMAND_LINE, "key.made", key.partition(".")[0], after={"name": "make run", "role": "annotator"}
        )
    engine.dispose()
    return key


def _free_port(host: str, first: int) -> int:
    """Return the first port from this one on that nobody listens at."""
    for port in range(first, min(first + _TRIES, 65536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((host, port))
                return port
    raise ConfigurationError(f"{host}: no port from {first} on is free; name another with --port")


def _until_ready(client: httpx.Client, service: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end:
        if service.poll() is not None:
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:]
            raise ConfigurationError(f"the service ended ({''.join(last)}); the rest is in {log}")
        with suppress(httpx.TransportError):
            if client.get("/health/ready").status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise ConfigurationError(f"the service was not ready within {_READY_SECONDS:.0f} s; see {log}")


def _score(client: httpx.Client) -> Prediction:
    """Submit the sample, wait for its job and return its prediction."""
    fields = {"authority": "Saltmarsh", "kind": "jhws", "year": "2024"}
    answer = client.post("/v1/documents", files={"file": (SAMPLE.name, SAMPLE.read_bytes())}, data=fields)
    answer.raise_for_status()
    links, end = answer.json()["links"], time.monotonic() + _DONE_SECONDS
    while "job" in links and time.monotonic() < end:
        job = client.get(links["job"], params={"wait": 30}).raise_for_status().json()
        if job["status"] == "failed":
            raise ConfigurationError(f"{job['error']['detail']} ({job['error']['code']})")
        if job["status"] == "succeeded":
            break
    return Prediction.model_validate_json(client.get(links["prediction"]).raise_for_status().content)


def _line(prediction: Prediction) -> str:
    label = prediction.strength.label
    found = (
        f"{STRENGTH_WORDS[label]} ({prediction.strength.probabilities[label]:.0%})"
        if label is not None
        else "not enough readable text"
    )
    tiers = "; ".join(f"{TIER_WORDS[tier]} {STATE_WORDS[state.state]}" for tier, state in prediction.tiers.items())
    return f"result:  {prediction.document.file}: {found}; {tiers}"


def _end(service: subprocess.Popen[bytes]) -> None:
    """End the service; it is in a group of its own, so that Ctrl-C reaches this process first."""
    if service.poll() is None:
        service.terminate()
        try:
            service.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.kill(service.pid, signal.SIGKILL)
            service.wait()
