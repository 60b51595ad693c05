"""What this process counts for Prometheus. Every label has a bounded set of values: routes as they are written down, codes, names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
NO_ROUTE = "none"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
_STAGE_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

_requests = Histogram(
    "prevention_request_seconds", "Time to answer a request, by route and status.", ["method", "route", "status"],
    buckets=_REQUEST_SECONDS, registry=REGISTRY,
)  # fmt: skip
_refusals = Counter(
    "prevention_refusals", "Requests answered with a problem, by its code.", ["code"], registry=REGISTRY
)
_stages = Histogram(
    "prevention_stage_seconds", "Time that a document took in a stage of its job, in this process.", ["stage"],
    buckets=_STAGE_SECONDS, registry=REGISTRY,
)  # fmt: skip

StageName = Literal["reading", "scoring", "keeping"]
for _stage in ("reading", "scoring", "keeping"):
    _stages.labels(_stage)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count a request under the route it matched, as the route is written down."""
    _requests.labels(method if method in _METHODS else "other", route, str(status)).observe(seconds)


def count_refusal(code: str) -> None:
    """Count a request that got a problem for an answer."""
    _refusals.labels(code).inc()


@contextmanager
def timed(stage: StageName) -> Iterator[None]:
    """Time a stage of a job, be it carried out or broken off."""
    with _stages.labels(stage).time():
        yield
