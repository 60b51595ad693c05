"""The route that Prometheus reads."""

from __future__ import annotations

from collections.abc import Iterator

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.orm import Session

from api.http.problems import described
from api.http.service import Admin, Service, ServiceGiven
from api.metrics import REGISTRY
from api.models import ModelCard
from api.store.figures import Figures, figures_of
from classifier import __version__

_UNDER_WAY, _ENDED = ("queued", "running"), ("succeeded", "failed")


def create_router(*, anybody: bool) -> APIRouter:
    """Return the route, for administrators or for anybody."""
    router = APIRouter(tags=["operations"])
    router.add_api_route(
        "/metrics",
        metrics_for_anybody if anybody else metrics_for_administrators,
        summary="Metrics",
        description="What this process has counted, and figures of the whole store, as Prometheus reads them.",
        responses={200: {"content": {"text/plain": {"example": "prevention_documents 12.0\n"}}, "description": "Metrics"}, **described(401, 403, 503)},
        response_class=Response,
    )  # fmt: skip
    return router


def metrics_for_administrators(service: ServiceGiven, _caller: Admin) -> Response:
    """Answer an administrator."""
    return _metrics(service)


def metrics_for_anybody(service: ServiceGiven) -> Response:
    """Answer whoever asks."""
    return _metrics(service)


def _metrics(service: Service) -> Response:
    with Session(service.engine) as session:
        figures = figures_of(session)
    whole = CollectorRegistry()
    whole.register(_Store(figures, service.model))
    return Response(generate_latest(REGISTRY) + generate_latest(whole), media_type=CONTENT_TYPE_LATEST)


class _Store(Collector):
    """Figures read from the database just now, in Prometheus' words."""

    def __init__(self, figures: Figures, model: ModelCard) -> None:
        self._figures, self._model = figures, model

    def collect(self) -> Iterator[Metric]:
        """Yield the figures."""
        figures, model = self._figures, self._model
        queue = GaugeMetricFamily("prevention_queue_jobs", "Jobs that have not ended, by status.", labels=["status"])
        for status in _UNDER_WAY:
            queue.add_metric([status], figures.jobs.get(status, 0))
        ended = CounterMetricFamily("prevention_jobs", "Jobs that have ended, by outcome.", labels=["outcome"])
        for status in _ENDED:
            ended.add_metric([status], figures.jobs.get(status, 0))
        failures = CounterMetricFamily("prevention_job_failures", "Failed jobs, by error code.", labels=["code"])
        for code, number in sorted(figures.failures.items()):
            failures.add_metric([code], number)
        info = GaugeMetricFamily("prevention_model_info", "Always 1: the labels say what runs.", labels=["version", "model", "codebook_version"])  # fmt: skip
        info.add_metric([__version__, model.id, model.codebook_version], 1)
        yield from (queue, ended, failures, info)
        yield GaugeMetricFamily("prevention_queue_oldest_seconds", "Age of the job that has waited longest.", figures.oldest)  # fmt: skip
        yield GaugeMetricFamily("prevention_documents", "Documents in the store.", figures.documents)
        yield GaugeMetricFamily("prevention_document_bytes", "Bytes of the documents in the store.", figures.bytes)
