"""The route that says how far people agree."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.agreement import CriterionAgreement, Pair, agreement_of
from api.http.problems import described
from api.http.service import Adjudicator, ServiceGiven, SessionGiven
from api.store.first_words import first_readings
from classifier.agreement import Interval

router = APIRouter(prefix="/v1/review/agreement", tags=["review"])


class Cell(BaseModel):
    """A cell of a confusion table, with the documents in it."""

    first: str
    second: str
    documents: list[str]


class PairAnswer(BaseModel):
    """Two people on one criterion, over the documents that both labelled."""

    first: str
    second: str
    documents: int
    percentage: Interval = Field(description="share of documents to which both give the same level")
    quadratic_kappa: Interval | None = Field(description="null where the levels are not ordered")
    alpha: Interval | None = Field(description="Krippendorff's, for ordered levels")
    confusion: list[Cell] = Field(description="cells that hold a document, the first person's level and the second's")


class CriterionAnswer(BaseModel):
    """How far people agree on one criterion."""

    criterion: str
    levels: list[str]
    ordered: bool
    documents: int = Field(description="that two people at least have labelled")
    people: int
    alpha: Interval | None = Field(description="Krippendorff's over everybody, for ordered levels")
    pairs: list[PairAnswer]


class AgreementAnswer(BaseModel):
    """How far people agree, with 95 % bootstrap intervals over documents. Only what each first said of a document counts."""

    codebook_version: str
    blind_only: bool
    criteria: list[CriterionAnswer]


@router.get("", responses=described(401, 403, 422, 503))
def get_agreement(
    service: ServiceGiven,
    session: SessionGiven,
    _caller: Adjudicator,
    blind_only: Annotated[bool, Query(description="only what was said before the prediction was seen")] = False,
) -> AgreementAnswer:
    """Return the agreement on every criterion, of everybody and of each two people, under the codebook in use."""
    readings = first_readings(session, service.codebook.version, blind_only=blind_only)
    found = agreement_of(readings, service.codebook)
    return AgreementAnswer(
        codebook_version=service.codebook.version, blind_only=blind_only, criteria=[_criterion(one) for one in found]
    )


def _criterion(found: CriterionAgreement) -> CriterionAnswer:
    criterion = found.criterion
    return CriterionAnswer(
        criterion=criterion.key, levels=list(criterion.levels), ordered=criterion.ordered, documents=found.documents,
        people=found.people, alpha=found.alpha, pairs=[_pair(pair) for pair in found.pairs],
    )  # fmt: skip


def _pair(pair: Pair) -> PairAnswer:
    figures = pair.figures
    return PairAnswer(
        first=pair.first, second=pair.second, documents=figures.items, percentage=figures.percentage,
        quadratic_kappa=figures.quadratic_kappa, alpha=figures.alpha,
        confusion=[Cell(first=a, second=b, documents=list(ids)) for (a, b), ids in sorted(pair.documents.items())],
    )  # fmt: skip
