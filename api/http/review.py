"""Routes to what waits for review: the queue, what a person is at, and how often people change what the model says."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from pydantic.functional_validators import AfterValidator
from sqlalchemy.orm import Session

from api.http.body import SmallBody
from api.http.found import found_document
from api.http.identities import Given
from api.http.problems import Problem, described
from api.http.service import ID_PATTERN, Adjudicator, Annotator, Service, ServiceGiven, SessionGiven
from api.http.upload import printable
from api.review import Candidate, Order, ordered, outlook, rates
from api.store.candidates import Waiting, is_blind, is_double, tell_figures, waiting
from api.store.documents import find_prediction
from api.store.first_words import reviews_beside_predictions
from api.store.keys import Caller
from api.store.leases import Terms, end_expired, leases_held, release_lease, take_lease
from api.store.tables import ReviewLease, StoredDocument
from classifier.agreement import Interval

router = APIRouter(prefix="/v1/review", tags=["review"], route_class=SmallBody)

_Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
_Authority = Annotated[str, AfterValidator(printable), Field(min_length=1, max_length=200)]
_ORDERS = "least_certain; most_informative, for training; disagreement of models and people; random, for honest estimates; authority"


class QueueItem(BaseModel):
    """A document that waits. What the prediction is unsure of is left out where it shall not be seen yet."""

    document_id: str
    name: str
    authority: str | None
    year: int | None
    blind: bool = Field(description="whether it is labelled before the prediction is seen")
    double: bool = Field(description="whether two people code it")
    expected_error: float | None = Field(description="probability that the strength given is wrong; null where blind")
    information: float | None = Field(description="bits in the labels of its most doubtful passages; null where blind")
    apart: int | None = Field(description="steps of strength between those who have read it, models and people; null where blind")  # fmt: skip


class OutlookItem(BaseModel):
    """What holds after so many more reviews in this order."""

    reviews: int
    expected_error: float = Field(description="share of documents whose strength is expected to be wrong")
    expected_steps: float = Field(description="mean steps of strength that they are expected to be wrong by")


class Queue(BaseModel):
    """What waits for the caller, the first of it, and what it is worth to go on."""

    order: Order
    waiting: int = Field(description="documents that wait for anybody")
    for_you: int = Field(description="documents that the caller may be given")
    reviewed: int
    items: list[QueueItem]
    outlook: list[OutlookItem]


class Wanted(Given):
    """Which document is asked for: this one, or the first in an order."""

    document_id: Annotated[str, Field(max_length=64, pattern=ID_PATTERN)] | None = None
    order: Order = Field(default="least_certain", description=_ORDERS)
    seed: _Seed = 0
    authority: _Authority | None = None


class LeaseAnswer(BaseModel):
    """A document that a person has to review."""

    id: str = Field(examples=["lease_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    document_id: str
    name: str
    blind: bool = Field(description="whether the prediction is withheld until the annotation is in")
    double: bool = Field(description="whether another person codes it, too")
    model: str | None = Field(description="whose prediction there is; null where it is withheld")
    taken: datetime
    expires: datetime


class LeaseList(BaseModel):
    """What the caller is at."""

    leases: list[LeaseAnswer]


class RateAnswer(BaseModel):
    """Reviews of one kind, with 95 % intervals."""

    reviews: int
    overridden: Interval = Field(description="share of reviews that differ from the prediction in anything")
    differing: Interval = Field(description="share of criteria that differ")
    steps: Interval = Field(description="mean steps of strength between person and prediction")


class RatesAnswer(BaseModel):
    """What people change, where they see the prediction and where it is hidden."""

    shown: RateAnswer
    hidden: RateAnswer
    anchoring: Interval = Field(
        description="share of criteria that differ where it is hidden, less that where it is shown"
    )


@router.get("/queue", responses=described(401, 403, 422, 503))
def get_queue(
    service: ServiceGiven,
    session: SessionGiven,
    caller: Annotator,
    order: Annotated[Order, Query(description=_ORDERS)] = "least_certain",
    seed: Annotated[int, Query(ge=0, le=2**31 - 1, description="of the random order")] = 0,
    authority: Annotated[str | None, AfterValidator(printable), Query(min_length=1, max_length=200, description="only of this one")] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="how many at most")] = 20,
) -> Queue:  # fmt: skip
    """Show what waits to be reviewed in an order, and what error is to be expected after so many more reviews."""
    found = _waiting(service, session, caller, authority)
    own = ordered(found.candidates, order, seed)
    return Queue(
        order=order, waiting=len(found.all), for_you=len(own), reviewed=found.reviewed,
        items=[_item(service, candidate) for candidate in own[:limit]],
        outlook=[OutlookItem(**asdict(point)) for point in outlook(ordered(found.all, order, seed), found.reviewed)],
    )  # fmt: skip


@router.get("/leases", responses=described(401, 403, 503))
def get_leases(session: SessionGiven, caller: Annotator) -> LeaseList:
    """List what the caller is at, oldest first."""
    return LeaseList(leases=[_answer(session, lease) for lease in leases_held(session, caller.id)])


@router.post(
    "/leases",
    status_code=201,
    responses={204: {"description": "Nothing waits for the caller"}, **described(400, 401, 403, 404, 409, 413, 422, 503)},
    response_model=LeaseAnswer,
)  # fmt: skip
def post_lease(request: Request, given: Wanted, service: ServiceGiven, caller: Annotator) -> LeaseAnswer | Response:
    """Give the caller a document to review, the first of an order or a certain one; nobody else is given it meanwhile.

    One that two people code goes to two, and each is blind to the prediction and to the other. Asked again, a lease lasts longer. It
    ends with `POST /v1/documents/{document_id}/annotations`.
    """
    request_id: str = request.state.id
    with Session(service.engine) as session:
        if given.document_id is not None:
            found_document(session, given.document_id)
            names = [given.document_id]
        else:
            found = _waiting(service, session, caller, given.authority).candidates
            names = [candidate.document_id for candidate in ordered(found, given.order, given.seed)]
    for name in names:
        taken = _take(service, caller, name, request_id)
        if taken is not None:
            return taken
    if given.document_id is not None:
        raise Problem(409, "document_taken", f"{given.document_id}: is being reviewed or was reviewed by as many people as shall do so, or by you; ask for another")  # fmt: skip
    return Response(status_code=204)


@router.delete("/leases/{lease_id}", status_code=204, responses=described(401, 403, 404, 422, 503))
def delete_lease(
    request: Request,
    lease_id: Annotated[str, Path(max_length=64, pattern=ID_PATTERN)],
    service: ServiceGiven,
    caller: Annotator,
) -> None:
    """Give a document back, so that another may have it. An administrator may give back what others are at."""
    with Session(service.engine) as session, session.begin():
        lease = session.get(ReviewLease, lease_id)
        if lease is None or (lease.person != caller.id and not caller.may("admin")):
            raise Problem(404, "lease_not_found", f"you have no lease of the id {lease_id}; list yours at /v1/review/leases")  # fmt: skip
        release_lease(session, caller, lease, request.state.id)


@router.get("/rates", responses=described(401, 403, 503))
def get_rates(service: ServiceGiven, session: SessionGiven, _caller: Adjudicator) -> RatesAnswer:
    """Say how often people change what the model says, and how much less they do where they see it first (anchoring)."""
    return RatesAnswer.model_validate(asdict(rates(reviews_beside_predictions(session, service.codebook))))


def _waiting(service: Service, session: Session, caller: Caller, authority: str | None) -> Waiting:
    tell_figures(service.engine, service.model.id)
    return waiting(session, caller.id, service.model.id, service.settings.review_double_share, authority)


def _take(service: Service, caller: Caller, document_id: str, request_id: str) -> LeaseAnswer | None:
    settings = service.settings
    with Session(service.engine) as session, session.begin():
        end_expired(session)
        prediction = find_prediction(session, document_id, service.model.id)
        double = is_double(document_id, settings.review_double_share)
        terms = Terms(
            timedelta(minutes=settings.review_lease_minutes), double or is_blind(document_id, settings.review_blind_share),
            double, None if prediction is None else prediction.model_id,
        )  # fmt: skip
        lease = take_lease(session, caller, document_id, terms, request_id)
        return None if lease is None else _answer(session, lease)


def _item(service: Service, candidate: Candidate) -> QueueItem:
    double = is_double(candidate.document_id, service.settings.review_double_share)
    blind = double or is_blind(candidate.document_id, service.settings.review_blind_share)
    return QueueItem(
        document_id=candidate.document_id, name=candidate.name, authority=candidate.authority, year=candidate.year,
        blind=blind, double=double, expected_error=None if blind else round(candidate.figures.error, 4),
        information=None if blind else round(candidate.figures.information, 4), apart=None if blind else candidate.apart,
    )  # fmt: skip


def _answer(session: Session, lease: ReviewLease) -> LeaseAnswer:
    document = session.get_one(StoredDocument, lease.document_id)
    return LeaseAnswer(
        id=lease.id, document_id=document.id, name=document.name, blind=lease.blind, double=lease.double,
        model=None if lease.blind else lease.model_id, taken=lease.taken, expires=lease.expires,
    )  # fmt: skip
