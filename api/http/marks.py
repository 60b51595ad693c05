"""Evidence that a person adds or removes, as it is sent: each piece is checked against the document's own text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from api.annotation import AnnotationError
from api.store.marks import Mark, Verdict, find_passage
from api.store.tables import StoredPassage
from classifier.codebook import Codebook
from classifier.errors import CodebookError

PassageId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Coordinate = Annotated[float, Field(ge=-20_000, le=20_000)]
GivenBox = Annotated[list[Coordinate], Field(min_length=4, max_length=4)]
_LAST = 2**31 - 1


class GivenMark(BaseModel):
    """A piece of evidence, and whether it is evidence of a criterion."""

    model_config = ConfigDict(extra="forbid")

    criterion: Annotated[str, StringConstraints(max_length=100)] = Field(examples=["tertiary"])
    verdict: Verdict = Field(examples=["added"])
    passage_id: PassageId = Field(examples=["0f3a52c81e7d9b46"])
    page: int = Field(ge=1, le=_LAST)
    start: int = Field(ge=0, le=_LAST, description="offset into the page's text, in code points")
    end: int = Field(ge=1, le=_LAST)
    quote: str = Field(min_length=1, max_length=20_000, description="the very words between these offsets")
    boxes: list[GivenBox] = Field(default=[], max_length=500, description="as POST /v1/documents/{document_id}/quotes or the evidence gives them")  # fmt: skip


def checked_marks(session: Session, codebook: Codebook, document_id: str, given: Sequence[GivenMark]) -> list[Mark]:
    """Return marks whose quotes are what stands there; raise `AnnotationError` for the first that is not."""
    found: dict[str, StoredPassage | None] = {}
    for one in given:
        if one.passage_id not in found:
            found[one.passage_id] = find_passage(session, document_id, one.passage_id)
        _check(codebook, document_id, found[one.passage_id], one)
    return [Mark(**one.model_dump()) for one in given]


def _check(codebook: Codebook, document_id: str, passage: StoredPassage | None, one: GivenMark) -> None:
    try:
        codebook.criterion(one.criterion)
    except CodebookError as error:
        raise AnnotationError(str(error)) from error
    if passage is None:
        raise AnnotationError(f"{one.passage_id} is no passage of {document_id}; its prediction names them")
    inside = passage.page == one.page and passage.start <= one.start < one.end <= passage.end
    if not inside or passage.text[one.start - passage.start : one.end - passage.start] != one.quote:
        raise AnnotationError(
            f"{one.quote!r:.80}: does not stand at [{one.start}, {one.end}) of page {one.page} in {one.passage_id}; have it found by POST /v1/documents/{document_id}/quotes"
        )
