"""Requests made up from the OpenAPI document, sent to a running service with every role and with none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.core.result import Ok

from tests.api.http.test_service import ANYBODY, CALLERS, LEAST
from tests.api.service import RunningService

_NOWHERE = "http://127.0.0.1:9/"
_TIMEOUT_SECONDS = 20


def fuzz(service: RunningService, keys: Mapping[Any, str], examples: dict[str, int], start: int = 0) -> Counter[str]:
    """Send so many requests to each route for each caller; return how many were answered by which kind of status.

    Raises `AssertionError` where one is answered by 5xx, or by less than 400 although the caller's role stands below the route's.
    """
    base = f"http://127.0.0.1:{service.port}"
    answers: Counter[str] = Counter()
    for found in schemathesis.openapi.from_url(f"{base}/openapi.json").get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        least = LEAST[operation.method.lower(), operation.path]
        for caller in CALLERS:
            headers = {"Authorization": f"Bearer {keys[caller]}"} if caller != ANYBODY else {}
            allowed = CALLERS.index(caller) >= CALLERS.index(least)
            statuses = _send(operation, base, headers, examples[caller], start)
            for status, request in statuses:
                answers[f"{status // 100}xx"] += 1
                assert status < 500, f"{request}: {status} to {caller}"
                assert allowed or status >= 400, f"{request}: {status} to {caller}"
    return answers


def _send(operation: Any, base: str, headers: dict[str, str], count: int, start: int) -> list[tuple[int, str]]:
    """Make up requests to one route and send them; return each status and what was asked."""
    statuses: list[tuple[int, str]] = []

    @seed(start)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        # No webhook is to lead elsewhere: an address that is made up may exist.
        if isinstance(case.body, dict) and str(case.body.get("url", "")).startswith("http"):
            case.body["url"] = _NOWHERE
        answer = case.call(base_url=base, headers=headers, timeout=_TIMEOUT_SECONDS)
        statuses.append((answer.status_code, case.as_curl_command() if answer.status_code >= 500 else operation.label))

    send()
    return statuses
