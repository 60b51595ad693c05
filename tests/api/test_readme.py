"""The README's way through the service, as it is written there, and its table of routes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from api.store.keys import SCOPES
from tests.api.service import PROGRAM, RunningService
from tests.conftest import ROOT, SAMPLE
from tests.test_commands import prevention

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = re.findall(r"^curl .*$", README, re.MULTILINE)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_of_the_readme_submit_wait_and_fetch(service: RunningService) -> None:
    names = {"KEY": service.key}

    def run(line: str) -> str:
        here = line.replace(":8000/", f":{service.port}/").replace("curl ", "curl -sS --fail ", 1)
        done = subprocess.run(
            ["bash", "-c", here], cwd=ROOT, env={**os.environ, **names}, capture_output=True, text=True, check=True
        )
        return done.stdout

    submit, wait, fetch = LINES
    answer = json.loads(run(submit).splitlines()[-1])
    names |= {"JOB": answer["job_id"], "DOCUMENT": answer["document_id"]}
    assert json.loads(run(wait))["status"] == "succeeded"
    assert json.loads(run(fetch))["document"]["file"] == SAMPLE.name


def test_the_commands_of_the_readme_on_keys_and_people_run_one_after_the_other(tmp_path: Path) -> None:
    prevention("init", "--data", tmp_path / "store")
    commands = re.findall(r"^\.venv/bin/prevention ((?:keys|people) .*)$", README, re.MULTILINE)
    assert len(commands) >= 5
    for command in commands:
        given = [part.replace("out/store", str(tmp_path / "store")) for part in shlex.split(command)]
        done = prevention(*given, PREVENTION_PASSWORD="four words in a row")
        assert done.returncode == 0, done.stderr
        assert done.stdout


def test_every_scope_is_in_the_readme() -> None:
    for scope in SCOPES:
        assert f"\n| `{scope}` | " in README, scope


def test_the_lines_of_the_readme_for_the_client(service: RunningService, tmp_path: Path) -> None:
    names = {"PREVENTION_KEY": service.key, "PREVENTION_URL": f"http://127.0.0.1:{service.port}"}

    def run(line: str) -> str:
        here = line.replace(".venv/bin/", f"{PROGRAM.parent}/").replace("out/", f"{tmp_path}/")
        done = subprocess.run(
            ["bash", "-c", here], cwd=ROOT, env={**os.environ, **names}, capture_output=True, text=True, check=True
        )
        return done.stdout

    submit, wait, fetch = re.findall(r"^\.venv/bin/prevention client .*$", README, re.MULTILINE)
    assert run(submit) == ""
    assert {path.name.partition("-")[0] for path in (tmp_path / "predictions").iterdir()} == {"saltmarsh"}
    sent = [json.loads(line) for line in run(submit.partition(" --wait")[0]).splitlines()]
    names |= {"JOB": sent[0]["job_id"], "DOCUMENT": sent[0]["document_id"]}
    assert json.loads(run(wait))["status"] == "succeeded"
    assert run(fetch).startswith("file,digest,")


def test_the_readme_starts_the_service_as_the_tests_do() -> None:
    assert (
        ".venv/bin/prevention init --data out/store\n.venv/bin/prevention serve --data out/store --port 8000" in README
    )


def test_every_route_is_in_the_readme(client: httpx.Client) -> None:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"`{method.upper()} {path}`" in README, path
