"""The application: all routes, all error handlers, one service behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI

from api.http import (
    about,
    adjudication,
    agreement,
    audit,
    corpus,
    documents,
    doubts,
    drafts,
    exports,
    jobs,
    keys,
    labelling,
    labelstudio,
    models,
    operations,
    passages,
    people,
    review,
    search,
    second_readings,
    session,
    submissions,
    views,
    webhooks,
)
from api.http.annotations import router as annotations_router
from api.http.basic import BasicKeys
from api.http.problems import ProblemDetails, add_handlers
from api.http.requests import RequestLog
from api.http.service import Service
from api.pages.routes import ROUTERS
from classifier import __version__


def create_application(service: Service, on_end: Callable[[], None]) -> FastAPI:
    """Return the application for a service that has been put together; `on_end` is called when the last request is answered."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        on_end()

    app = FastAPI(
        title="Prevention classifier",
        version=__version__,
        description="Submit strategies, wait for their jobs, fetch what the model says and where it says so.",
        # The pages that FastAPI offers load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.service = service
    metrics = operations.create_router(anybody=service.settings.metrics_open)
    for router in (
        documents.router, passages.router, views.router, submissions.router, search.router, jobs.router, annotations_router,
        drafts.router, labelling.router, second_readings.router, exports.router, labelstudio.router, about.router, models.router, review.router, doubts.router, adjudication.router,
        agreement.router, session.router, keys.router, people.router, audit.router, webhooks.router, corpus.router, metrics, *ROUTERS,
    ):  # fmt: skip
        app.include_router(router)
    add_handlers(app)
    app.add_middleware(BasicKeys)
    app.add_middleware(RequestLog)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put the problem's schema into the OpenAPI document, where every route's errors refer to it."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        # Made when it is first asked for, not at each start.
        if app.openapi_schema is None:
            schemas = plain()["components"]["schemas"]
            schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
        return plain()

    app.openapi = described  # type: ignore[method-assign]
