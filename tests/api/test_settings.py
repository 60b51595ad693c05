"""Settings come from the environment, the command line goes before it, and a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import load_settings
from classifier.errors import ConfigurationError


def test_the_command_line_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVENTION_PORT", "8100")
    monkeypatch.setenv("PREVENTION_DATA", "/srv/prevention")
    assert load_settings().port == 8100
    assert load_settings(port=8200, data=None).port == 8200
    assert load_settings(port=None).data == Path("/srv/prevention")


def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREVENTION_MAX_UPLOAD_MB", "plenty")
    with pytest.raises(ConfigurationError, match="PREVENTION_MAX_UPLOAD_MB: 'plenty': "):
        load_settings()


@pytest.mark.parametrize(
    "given", ["postgresql://me@db/store", "postgres://me@db/store", "postgresql+psycopg://me@db/store"]
)
def test_a_database_url_names_its_driver(given: str) -> None:
    assert load_settings(database_url=given).url == "postgresql+psycopg://me@db/store"
