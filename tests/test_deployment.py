"""Dockerfile and compose.yaml name only settings that exist, and hold what they promise. Docker itself is not run here."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer import Typer

from api.commands import register
from api.settings import Settings
from tests.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SETTINGS = {f"PREVENTION_{field.upper()}" for field in Settings.model_fields}


def test_every_variable_is_a_setting() -> None:
    for name in ("Dockerfile", "compose.yaml"):
        named = set(re.findall(r"PREVENTION_[A-Z_]+[A-Z]", (ROOT / name).read_text(encoding="utf-8")))
        assert named, name
        assert named <= SETTINGS, named - SETTINGS


def test_what_is_copied_into_the_image_is_here() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
            assert source.removeprefix("./") not in ignored, source


def test_the_image_runs_as_nobody_in_particular_and_holds_no_torch() -> None:
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["prevention"]
    assert ".[serve]" in DOCKERFILE
    assert "[train" not in DOCKERFILE
    assert "/health/ready" in DOCKERFILE


@pytest.mark.parametrize("name", ["serve", "worker"])
def test_a_service_is_shut_in(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["volumes"] == ["data:/data"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_no_secret_is_written_down() -> None:
    assert COMPOSE["services"]["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    assert "${POSTGRES_PASSWORD:?" in COMPOSE["services"]["serve"]["environment"]["PREVENTION_DATABASE_URL"]


def test_its_commands_exist() -> None:
    app = Typer()
    register(app)
    commands = {command.callback.__name__ for command in app.registered_commands if command.callback is not None}
    assert COMPOSE["services"]["worker"]["command"][1] in commands
    assert set(re.findall(r"prevention (init|serve|worker)", DOCKERFILE)) <= commands
