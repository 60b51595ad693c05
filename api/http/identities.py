"""What keys, people and the audit log look like in requests and answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.functional_validators import AfterValidator

from api.access import LONGEST_PASSWORD, MOST_MB, MOST_REQUESTS, SHORTEST_PASSWORD, UnfitValueError, named
from api.store.tables import Role, Scope


def _in_utc(moment: datetime) -> datetime:
    # Near the ends of what a date can be there is no UTC.
    if not 1970 <= moment.year <= 2200:
        raise ValueError("the year is not between 1970 and 2200")
    return moment.astimezone(UTC)


def _name(given: str) -> str:
    try:
        return named(given)
    except UnfitValueError as error:
        raise ValueError("cannot be a name; give 1 to 200 characters that can be printed") from error


Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Edda Ohm"]), AfterValidator(_name)]
Password = Annotated[str, Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD, examples=["four words in a row"])]  # fmt: skip
MomentGiven = Annotated[AwareDatetime, Field(examples=["2027-01-31T00:00:00Z"]), AfterValidator(_in_utc)]
Rate = Annotated[int, Field(ge=1, le=MOST_REQUESTS, description="requests a minute; null where the service's own limit holds", examples=[60])]  # fmt: skip
Quota = Annotated[int, Field(ge=0, le=MOST_MB, description="MB of 2^20 bytes that its documents may fill, 0 for no limit; null where the service's own limit holds", examples=[500])]  # fmt: skip


class Given(BaseModel):
    """A body that is sent: what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


class KeyGiven(Given):
    """A key that is to be made."""

    name: Name
    role: Role = Field(examples=["annotator"])
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=6)] | None = Field(
        default=None,
        description="what of its role the key may do; null: all of it",
        examples=[["read", "submit"]],
    )
    expires: MomentGiven | None = Field(default=None, description="when it ends; null: never")
    rate_per_minute: Rate | None = None
    quota_mb: Quota | None = None


class KeyAnswer(BaseModel):
    """A key, without its secret."""

    id: str = Field(examples=["key_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    name: str = Field(examples=["nightly upload"])
    role: Role
    scopes: list[Scope] | None = Field(examples=[["read", "submit"]])
    rate_per_minute: int | None
    quota_mb: int | None
    created_by: str | None = Field(description="the id of the key or person that made it; null for the first")
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None = Field(description="to the minute")


class KeyMade(KeyAnswer):
    """A key that has just been made."""

    key: str = Field(description="the key itself: it is kept as a hash and cannot be shown again")


class KeyPage(BaseModel):
    """Some of the keys, newest first."""

    keys: list[KeyAnswer]
    next_cursor: str | None


class PersonGiven(Given):
    """A person who is to be added."""

    name: Name
    password: Password
    role: Role = Field(examples=["annotator"])


class PersonChanged(Given):
    """What is to change of a person; what is left out, or null, stays."""

    role: Role | None = Field(default=None, examples=["adjudicator"])
    disabled: bool | None = Field(default=None, description="true ends all of the person's sessions at once")
    password: Password | None = Field(default=None, description="a new one; it ends the person's other sessions")


class PersonAnswer(BaseModel):
    """A person who may sign in."""

    id: str = Field(examples=["person_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    name: str = Field(examples=["Edda Ohm"])
    role: Role
    created: datetime
    disabled: datetime | None = Field(description="since when the person cannot sign in")


class PersonPage(BaseModel):
    """Some of the people, newest first."""

    people: list[PersonAnswer]
    next_cursor: str | None


class NameAndPassword(Given):
    """A name and its password."""

    name: Annotated[str, Field(min_length=1, max_length=200, examples=["Edda Ohm"])]
    password: Annotated[str, Field(min_length=1, max_length=LONGEST_PASSWORD, examples=["four words in a row"])]


class SessionAnswer(BaseModel):
    """Who is calling."""

    id: str = Field(description="of the person, or of the key", examples=["person_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    name: str = Field(examples=["Edda Ohm"])
    role: Role
    scopes: list[Scope] | None = Field(description="null: all that the role may")
    form_token: str | None = Field(
        description="send it in `X-Form-Token` with each changing request that the cookie authorises; null for a key"
    )


class AuditAnswer(BaseModel):
    """A change."""

    id: str
    created: datetime
    actor: str = Field(description="the id of a key or a person; command-line for what was done on the machine itself")
    actor_name: str
    action: str = Field(examples=["key.made"])
    subject: str = Field(description="the id of what was changed", examples=["key_000644f2c1a3b4c5d6e7f8a9b0c1d2"])
    request_id: str | None = Field(description="as `X-Request-ID` named it")
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class AuditPage(BaseModel):
    """Some of the changes, newest first."""

    entries: list[AuditAnswer]
    next_cursor: str | None
