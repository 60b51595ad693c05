"""Documents a minute through HTTP against `prevention score` on the same documents in one process. Run by `make bench`.

PREVENTION_TEST_DOCUMENTS says how many.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.api.service import RunningService, submit, wait_for
from tests.building import pdf_of
from tests.conftest import ROOT
from tests.drill.load import ended

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

_DOCUMENTS = int(os.environ.get("PREVENTION_TEST_DOCUMENTS", "60"))
_SHARE = 0.85


def seconds_of_score(paths: list[Path]) -> float:
    """Return how long `prevention score` takes."""
    began = time.perf_counter()
    program = Path(sys.executable).parent / "prevention"
    subprocess.run([program, "score", *paths, "--format", "json"], check=True, capture_output=True, timeout=900)
    return time.perf_counter() - began


def test_the_service_scores_as_fast_as_the_command_line(tmp_path: Path) -> None:
    text = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
    paths = [tmp_path / f"{n}.pdf" for n in range(_DOCUMENTS)]
    for n, path in enumerate(paths):
        path.write_bytes(pdf_of(text.replace("Saltmarsh", f"Town {n}")))
    # Both start once and then work through many, so the start is taken off the command line's time.
    alone = seconds_of_score(paths) - seconds_of_score(paths[:1])
    service = RunningService(tmp_path / "data")
    service.start()
    with service.client() as client:
        wait_for(client, submit(client, paths[0].read_bytes(), paths[0].name).json()["job_id"])
        began = time.perf_counter()
        jobs = [submit(client, path.read_bytes(), path.name).json()["job_id"] for path in paths[1:]]
        for job in jobs:
            assert ended(client, job) == "succeeded"
        served = time.perf_counter() - began
    service.stop()
    each = len(jobs) * 60
    print(f"\nthroughput: {each / served:.0f} documents a minute through HTTP, {each / alone:.0f} with `prevention score`, ratio {alone / served:.2f}")  # fmt: skip
    assert alone / served >= _SHARE
