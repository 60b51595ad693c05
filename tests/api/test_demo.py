"""`make run`, without make: the service is started, scores the sample and is ended with it."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.test_commands import prevention


def test_the_demo_scores_the_sample_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for _ in range(2):
            done = prevention(
                "demo", "--data", tmp_path / "store", "--output", tmp_path / "out", "--port", str(port), "--once"
            )
            assert done.returncode == 0, done.stderr
            assert re.search(r"^result:  saltmarsh-strategy-2024\.pdf: very strong \(\d+%\)", done.stdout, re.MULTILINE)
            (report,) = re.findall(r"^report:  (.+\.html),", done.stdout, re.MULTILINE)
            assert Path(report).is_file()
            (address,) = re.findall(r"^address: (http://127\.0\.0\.1:\d+) ", done.stdout, re.MULTILINE)
            assert address != f"http://127.0.0.1:{port}"
            assert re.search(r'^  curl -H "Authorization: Bearer key_\S+" -F file=@FILE\.pdf ' + address, done.stdout, re.MULTILINE)  # fmt: skip
            with pytest.raises(httpx.TransportError):
                httpx.get(f"{address}/health/live")


def test_make_run_is_the_demo() -> None:
    assert "$(BIN)/prevention demo --data out/store" in (ROOT / "Makefile").read_text(encoding="utf-8")
