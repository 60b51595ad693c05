"""What the classifier says of a document. A machine says `Prediction`; what a person says is never this type.

The JSON form is a contract with other programs: `classifier/prediction.schema.json` is generated from these types.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from classifier.codebook import StrengthLabel, Tier, TierState

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
BoxList = Annotated[list[float], Field(min_length=4, max_length=4)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Evidence(_Frozen):
    """A verbatim quote and its place: the slice `[start, end)`, in code points, of its page's text."""

    quote: str = Field(min_length=1)
    page: int = Field(ge=1)
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    boxes: list[BoxList] = Field(
        description="[x0, y0, x1, y1] in points from the top left of the page, one per printed line"
    )
    score: float = Field(
        description="what the passage adds to the score, or its probability, or 1 for an exact mention"
    )
    passage: str = Field(description="id of the passage that holds the quote")
    heading: str = Field(default="", description="path of headings above the quote")
    direction: Literal["for", "against"] = "for"

    @model_validator(mode="after")
    def _quote_fits_its_span(self) -> Self:
        if self.end - self.start != len(self.quote):
            raise ValueError(f"quote of {len(self.quote)} code points does not fit its span [{self.start}, {self.end})")
        return self


class Contribution(_Frozen):
    """What one named feature adds to the strength score."""

    feature: str
    value: float
    weight: float
    contribution: float


class Strength(_Frozen):
    """How strongly the strategy puts prevention first, with its probability over five ordered labels.

    `set` holds adjacent labels that together reach the stated coverage; more than one means the case is for a person.
    `label` is None where too little of the document could be read.
    """

    label: StrengthLabel | None
    probabilities: dict[StrengthLabel, Probability]
    set: list[StrengthLabel]
    score: float | None
    contributions: list[Contribution]
    evidence: list[Evidence]


class TierPrediction(_Frozen):
    """Whether and how far the strategy covers one tier of prevention."""

    state: TierState | Literal["not_enough_text"]
    probability: Probability = Field(description="probability of the named state")
    probabilities: dict[str, Probability]
    evidence: list[Evidence]


class CriterionPrediction(_Frozen):
    """The answer to one criterion of parts A3 to A6 of the codebook; None where too little could be read."""

    value: bool | str | None
    evidence: list[Evidence]


class ScoredDocument(_Frozen):
    """Which file was scored, and how much of it could be read."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    file: str
    format: str
    pages: int = Field(ge=1)
    unread_pages: list[int]
    words: int = Field(ge=0)
    passages: int = Field(ge=0)
    enough_text: bool


class Prediction(_Frozen):
    """Everything the classifier says of one document."""

    document: ScoredDocument
    model: str
    codebook_version: str
    strength: Strength
    tiers: dict[Tier, TierPrediction]
    criteria: dict[str, CriterionPrediction]
    warnings: list[str] = []
