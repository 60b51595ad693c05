"""Files made to hurt, and thousands of plain ones, through HTTP: each ends as it should, the service answers on, and does not grow.

PREVENTION_TEST_MUTATED and PREVENTION_TEST_DOCUMENTS say how many of each.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.api.service import RunningService, strategy, submit
from tests.conftest import SAMPLE
from tests.drill.load import ended, memory_mb
from tests.drill.test_bad_input import MUTATIONS, crafted

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

_MUTATED = int(os.environ.get("PREVENTION_TEST_MUTATED", "60"))
_DOCUMENTS = int(os.environ.get("PREVENTION_TEST_DOCUMENTS", "2000"))
_AT_FIRST = _DOCUMENTS // 10
_GROWTH = 1.05


def attempt(client: httpx.Client, path: Path) -> str:
    """Submit a file; return what came of it, having checked that it came with a code and a sentence."""
    answer = submit(client, path.read_bytes(), path.name)
    body = answer.json()
    # 200: a mutation that changed nothing is a document that is here already.
    if answer.status_code not in (200, 202):
        assert 400 <= answer.status_code < 500, answer.text
        code, detail = body["code"], body["detail"]
    else:
        if ended(client, body["job_id"]) == "succeeded":
            return "scored"
        job = client.get(f"/v1/jobs/{body['job_id']}").json()
        code, detail = job["error"]["code"], job["error"]["detail"]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert code not in ("internal_error", "gave_up"), detail
    assert detail.startswith(f"{path.name}: ")
    assert "; " in detail
    assert "\n" not in detail
    return str(code)


def test_files_made_to_hurt_are_refused_or_fail_and_it_answers_on(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(_MUTATED):
        dice = random.Random(number)
        (folder / f"m{number}.pdf").write_bytes(MUTATIONS[number % len(MUTATIONS)](SAMPLE.read_bytes(), dice))
    paths = list(crafted(folder))
    service = RunningService(tmp_path / "data")
    service.start()
    with service.client() as client:
        outcomes = Counter(attempt(client, path) for path in paths)
        good = submit(client, strategy("afterwards"))
        assert ended(client, good.json()["job_id"]) == "succeeded"
    service.stop()
    print(f"\nbad files through HTTP: {len(paths)}, {dict(outcomes.most_common())}")


def test_it_does_not_grow(tmp_path: Path) -> None:
    service = RunningService(tmp_path / "data")
    service.start()
    with service.client() as client, ThreadPoolExecutor(2) as pool:

        def score(number: int) -> None:
            answer = submit(client, strategy(f"of thousands {number}"), f"{number}.md")
            assert ended(client, answer.json()["job_id"]) == "succeeded"

        held = [memory_mb(service.process.pid)]
        for numbers in (range(_AT_FIRST), range(_AT_FIRST, _DOCUMENTS)):
            assert all(result is None for result in pool.map(score, numbers))
            held.append(memory_mb(service.process.pid))
    service.stop()
    start, first, last = held
    print(
        f"\nmemory: {start:.0f} MB at the start, {first:.0f} MB after {_AT_FIRST} documents, {last:.0f} MB after {_DOCUMENTS}"
    )
    assert last <= first * _GROWTH
