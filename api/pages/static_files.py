"""The route to the files that pages load."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from api.http.problems import Problem
from api.pages.assets import assets, media_type

router = APIRouter(include_in_schema=False)

# A worker obeys the policy of its own file: that of PDFs compiles the decoders of images, and no page needs to.
_POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'"
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Content-Security-Policy": _POLICY}


@router.get("/static/{version}/{name:path}")
def get_static(version: str, name: str) -> Response:
    """Return a file of the version that this service has; every other name is none."""
    found = assets()
    path = found.paths.get(name) if version == found.version else None
    if path is None:
        raise Problem(404, "not_found", "no such file; load the page again, as the service may have been renewed")
    return FileResponse(path, media_type=media_type(name), headers=_HEADERS)


@router.get("/favicon.ico")
def get_icon() -> Response:
    """Return the icon that browsers ask for by themselves."""
    return FileResponse(assets().paths["icon.svg"], media_type="image/svg+xml", headers=_HEADERS)
