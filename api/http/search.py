"""The route that searches all passages."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.http.problems import described
from api.http.service import SessionGiven, Viewer
from api.store.search import Match, search_passages

router = APIRouter(prefix="/v1/search", tags=["documents"])

Words = Annotated[
    str,
    Query(max_length=500, description='words, "a phrase", -without, or; all words have to be in one passage', examples=["falls prevention"]),
]  # fmt: skip


class Segment(BaseModel):
    """A piece of a snippet; nobody has to count characters to mark it."""

    text: str = Field(examples=["falls"])
    match: bool


class FoundPassage(BaseModel):
    """A passage that holds the words."""

    document_id: str = Field(examples=["doc_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    document: str = Field(description="the document's name", examples=["saltmarsh-strategy-2024.pdf"])
    passage: str = Field(description="id of the passage, as evidence names it", examples=["0f3a52c81e7d9b46"])
    page: int = Field(examples=[4])
    snippet: list[Segment]
    links: dict[str, str] = Field(examples=[{"document": "/v1/documents/doc_000644f2c1a3b4c5d6e7f8a9b0c1d2"}])


class SearchPage(BaseModel):
    """Some of the passages found, best first."""

    passages: list[FoundPassage]
    next_cursor: str | None = Field(description="give it as `cursor` to get the passages after these; null at the end")


@router.get("", responses=described(401, 403, 422, 503))
def search(
    session: SessionGiven,
    _caller: Viewer,
    q: Words,
    limit: Annotated[int, Query(ge=1, le=100, description="how many at most")] = 20,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,6}$", description="`next_cursor` of the page before")
    ] = None,
) -> SearchPage:
    """Find passages by what they say, best first. Only the newest reading of a document is looked at."""
    offset = int(cursor or 0)
    found = search_passages(session, q, limit + 1, offset)
    return SearchPage(
        passages=[_found(match) for match in found[:limit]],
        next_cursor=str(offset + limit) if len(found) > limit else None,
    )


def _found(match: Match) -> FoundPassage:
    passage = match.passage
    here = f"/v1/documents/{passage.document_id}"
    return FoundPassage(
        document_id=passage.document_id, document=match.document, passage=passage.passage_id, page=passage.page,
        snippet=[Segment(text=text, match=matches) for text, matches in match.segments],
        links={"document": here, "passages": f"{here}/passages?page={passage.page}"},
    )  # fmt: skip
