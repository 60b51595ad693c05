"""Routes about the service itself: whether it lives, what it runs, which models it has."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import text

from api.http.answers import Health, ModelAnswer, ModelList, Version
from api.http.problems import described
from api.http.service import ServiceGiven, SessionGiven, Viewer
from classifier import __version__

router = APIRouter(tags=["service"])


@router.get("/health/live")
async def live() -> Health:
    """Answer as long as the process does."""
    return Health(status="ok")


@router.get("/health/ready", responses=described(503))
def ready(session: SessionGiven) -> Health:
    """Answer once documents can be taken in, and while the database answers.

    After a start the model may still be loading for a moment: what is submitted then is kept, and waits.
    """
    session.execute(text("SELECT 1"))
    return Health(status="ok")


@router.get("/version")
async def version(service: ServiceGiven) -> Version:
    """Say which version and which model are running."""
    return Version(version=__version__, model=service.model.id, codebook_version=service.model.codebook_version)


@router.get("/v1/models", tags=["models"], responses=described(401, 403, 503))
def models(service: ServiceGiven, _caller: Viewer) -> ModelList:
    """List the models at hand, the one in use among them."""
    return ModelList(
        models=[ModelAnswer(id=m.id, codebook_version=m.codebook_version, in_use=m.in_use) for m in service.models]
    )
