"""All routes of pages, for the application."""

from __future__ import annotations

from api.pages import documents, keys, review, sign_in, static_files

ROUTERS = (sign_in.router, documents.router, review.router, keys.router, static_files.router)
