"""Many requests to each route, made up from the OpenAPI document, by every role: no fault, and nothing past the roles.

PREVENTION_TEST_EXAMPLES says how many for each route and role.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from api.store.keys import ROLES, make_key
from tests.api.databases import BACKENDS, database_url
from tests.api.fuzzing import fuzz
from tests.api.http.test_service import CALLERS, LEAST
from tests.api.service import RunningService

pytestmark = [pytest.mark.drill, pytest.mark.timeout(3600)]

# Without a limit on requests, or most would be answered 429 and show nothing.
_SETTINGS = {
    "PREVENTION_MAX_WAIT_SECONDS": "1", "PREVENTION_WEBHOOK_PRIVATE": "true", "PREVENTION_RATE_PER_MINUTE": "1000000",
}  # fmt: skip
_EXAMPLES = int(os.environ.get("PREVENTION_TEST_EXAMPLES", "60"))


@pytest.mark.parametrize("backend", BACKENDS)
def test_many_made_up_requests(tmp_path: Path, backend: str) -> None:
    start = random.randrange(10**6)
    with database_url(backend) as url:
        service = RunningService(tmp_path / "data", url, **_SETTINGS)
        service.start()
        with service.database() as engine, Session(engine) as session, session.begin():
            keys = {role: make_key(session, role, role) for role in ROLES}
        answers = fuzz(service, keys, dict.fromkeys(CALLERS, _EXAMPLES), start)
        service.stop()
    print(f"\nfuzzing, {backend}: {sum(answers.values())} requests to {len(LEAST)} routes by {len(CALLERS)} callers, seed {start}: {dict(sorted(answers.items()))}")  # fmt: skip
