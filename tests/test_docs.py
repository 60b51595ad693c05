"""The documentation runs: the README's commands, the settings, the criteria and the features it speaks of."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.second_reader.configuration import ReaderSettings
from api.settings import Settings
from classifier.codebook import Codebook
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
# What runs until it is ended, or needs a store, is run by tests/api.
COMMANDS = re.findall(
    r"^\.venv/bin/(prevention (?!serve|worker|demo|backup|restore|keys|people|client|corpus).*)$", README, re.MULTILINE
)


_FIELDS = [*Settings.model_fields, *(f"reader_{field}" for field in ReaderSettings.model_fields)]


def _variable(field: str) -> str:
    return f"PREVENTION_{field.upper()}"


def test_the_readme_has_commands() -> None:
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_of_the_readme_run(command: str, tmp_path: Path) -> None:
    arguments = [re.sub(r"^out\b", str(tmp_path), part) for part in command.split()[1:]]
    program = Path(sys.executable).parent / "prevention"
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(tmp_path.iterdir())


@pytest.mark.parametrize("target", re.findall(r"^(make \w+)$", README, re.MULTILINE))
def test_the_make_targets_of_the_readme_exist(target: str) -> None:
    assert re.search(rf"^{target.split()[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_the_links_of_the_documents_lead_somewhere() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "labelled_data/README.md"]:
        for link in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_every_setting_is_in_the_readme() -> None:
    paths = [path for package in ("classifier", "api") for path in (ROOT / package).rglob("*.py")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    named = set(re.findall(r"PREVENTION_[A-Z_]+[A-Z]", source))
    # What ends with an underscore is the beginning of others.
    for name in named - {"PREVENTION_READER"} | set(map(_variable, _FIELDS)):
        assert f"`{name}`" in README, name


def test_every_row_of_the_table_is_a_setting() -> None:
    rows = re.findall(r"^\| `(PREVENTION_\w+)` \|", README, re.MULTILINE)
    # The folders of models are the classifier's own settings; the others are the command line's.
    beside = {f"PREVENTION_{name}" for name in ("MODEL", "MODELS", "PASSWORD", "URL", "KEY")}
    settings = set(map(_variable, _FIELDS)) | beside
    assert sorted(rows) == sorted(settings)


def test_every_command_is_in_the_readme() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "prevention", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    )
    for name in re.findall(r"^│ (\w+) ", done.stdout, re.MULTILINE):
        assert f"prevention {name}" in README or f"make {name}" in README, name


def test_the_datasheet_names_every_label(codebook: Codebook) -> None:
    sheet = (ROOT / "labelled_data/README.md").read_text(encoding="utf-8")
    assert all(f"`{label}`" in sheet for label in codebook.labels)
    assert codebook.version in sheet
