"""Routes about the service itself: whether it lives, what it runs."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import text

from api.http.answers import Health, Version
from api.http.problems import described
from api.http.service import ServiceGiven, SessionGiven
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
