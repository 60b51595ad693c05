"""What may be said of a document, and one document kept before anything is promised."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.functional_validators import AfterValidator
from starlette.datastructures import UploadFile

from api.http.problems import Problem
from api.scoring import error_code
from api.store.files import Files
from api.submission import Upload
from classifier.errors import DocumentError
from classifier.reading import detect_format

MB = 2**20
# Gets a file's name, digest and size before it is kept, and raises where it shall not be.
Check = Callable[[str, str, int], None]
# How many uploads are held in memory at a time, to be told apart and written.
IN_MEMORY = asyncio.Semaphore(4)
_URL = TypeAdapter(HttpUrl)


def printable(value: str) -> str:
    """Return a text, or raise `ValueError` where it holds what some databases do not take."""
    if not value.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return value


def _web_address(value: str) -> str:
    _URL.validate_python(value)
    return printable(value)


class Description(BaseModel):
    """What the sender may say of each of the documents that a request brings."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    authority: Annotated[str, AfterValidator(printable)] | None = Field(default=None, min_length=1, max_length=200, description="the council or body whose document it is", examples=["Saltmarsh"])  # fmt: skip
    authority_code: str | None = Field(default=None, pattern=r"^[A-Z0-9]{2,10}$", description="its ONS code (a council) or ODS code (an NHS body)", examples=["E06000019"])  # fmt: skip
    kind: str | None = Field(default=None, pattern=r"^[a-z_]{1,100}$", description="the kind of document, such as jhws, stp, ics or foi", examples=["jhws"])  # fmt: skip
    year: int | None = Field(default=None, ge=1900, le=2200, description="the year it begins with", examples=[2024])
    year_end: int | None = Field(default=None, ge=1900, le=2200, description="the year it ends with", examples=[2029])

    @field_validator("year_end")
    @classmethod
    def _ends_after_it_begins(cls, value: int | None, info: ValidationInfo) -> int | None:
        begins = info.data.get("year")
        if value is not None and begins is not None and value < begins:
            raise ValueError(f"lies before the year it begins with, {begins}")
        return value


class Details(Description):
    """What the sender of a form may say."""

    source_url: Annotated[str, AfterValidator(_web_address)] | None = Field(default=None, max_length=2000, description="where it was found; kept, and never fetched")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keeper:
    """What keeps the documents of one request: where, up to which size, and after which check."""

    files: Files
    max_mb: int
    check: Check | None = None

    def keep(self, data: bytes, name: str, details: dict[str, Any]) -> Upload:
        """Keep one document and return what was sent; raise a `Problem` with 413, 415 or 422."""
        if len(data) > self.max_mb * MB:
            raise too_large(self.max_mb)
        if not data.strip():
            raise Problem(422, "document_empty", f"{name}: is empty; send the file again")
        try:
            format_ = detect_format(data, name)
        except DocumentError as error:
            raise Problem(415, error_code(error), str(error)) from error
        if self.check is not None:
            self.check(name, hashlib.sha256(data).hexdigest(), len(data))
        return Upload(digest=self.files.keep(data), name=name, format=format_, size=len(data), **details)


def clean_name(given: str) -> str:
    """Return the last part of a file's name without control characters, at most 200 characters; it is only ever shown."""
    base = re.split(r"[\\/]", given)[-1]
    shown = "".join(c for c in base if unicodedata.category(c) not in ("Cc", "Cs")).strip()
    stem, dot, suffix = shown.rpartition(".")
    return (f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) < 20 else shown[:200]) or "document"


def invalid_field(error: ValidationError) -> Problem:
    """Return the problem that a wrong field is."""
    first = error.errors()[0]
    shown = _shown(first["input"])
    where = ".".join(map(str, first["loc"])) or "the body"
    return Problem(422, "invalid_field", f"{where}: {shown[:100]!r}: {first['msg']}; correct or omit it")


def _shown(given: Any) -> str:
    match given:
        case str():
            return given
        case bytes():
            return given.decode("utf-8", "replace")
        case UploadFile():
            return "a file"
        case _:
            return json.dumps(given)


def too_large(max_mb: int) -> Problem:
    """Return the problem that too large an upload is."""
    return Problem(413, "upload_too_large", f"the upload is larger than {max_mb} MB; compress or split the file")
