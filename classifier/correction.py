"""What people said of documents, as it leaves the service and is learned from: one object per line, never changed afterwards.

The service writes it and training reads it; the two meet nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

CORRECTIONS, DOCUMENTS = "corrections", "documents"
SUFFIXES: Mapping[str, str] = {"pdf": ".pdf", "docx": ".docx", "html": ".html", "markdown": ".md", "text": ".txt"}


class Correction(BaseModel):
    """One person's labels for a document (`criteria`) or for one of its passages (`labels`), or what was decided between two."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    document: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the document's bytes")
    format: str
    name: str = ""
    authority: str = ""
    kind: str = ""
    year: int | None = None
    passage: str | None = None
    text: str = ""
    heading: str = ""
    labels: list[str] | None = None
    criteria: dict[str, str] | None = None
    annotator: str
    # True where an adjudicator decided between two annotations.
    decision: bool = False
    codebook: str
    model: str | None = None
    changed: bool | None = None
    created: datetime

    @model_validator(mode="after")
    def _labels_a_document_or_a_passage(self) -> Self:
        if (self.passage is None) != (self.labels is None) or (self.passage is None) == (self.criteria is None):
            raise ValueError(f"{self.id} labels neither a document nor a passage: a passage has labels, a document has criteria")  # fmt: skip
        if self.passage is not None and not self.text:
            raise ValueError(f"{self.id} labels a passage without its text")
        return self

    @property
    def file(self) -> str:
        """The name of the document's file among those that go with corrections."""
        return self.document + SUFFIXES.get(self.format, "")
