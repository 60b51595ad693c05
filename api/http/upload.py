"""An upload's body: read under a limit, told apart by what it holds, and kept before anything is promised."""

from __future__ import annotations

import asyncio
import hashlib
import re
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, ValidationError
from pydantic.functional_validators import AfterValidator
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api.http.problems import Problem
from api.scoring import error_code
from api.store.files import Files
from api.submission import Upload
from classifier.errors import DocumentError
from classifier.reading import detect_format

_MB = 2**20
Check = Callable[[str, str, int], None]
# Boundaries and the other fields of the form, beside the file itself.
_FORM_BYTES = 64 * 1024
# How many uploads are held in memory at a time, to be told apart and written.
_IN_MEMORY = asyncio.Semaphore(4)
_URL = TypeAdapter(HttpUrl)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return value


def _web_address(value: str) -> str:
    _URL.validate_python(value)
    return _printable(value)


class Details(BaseModel):
    """What the sender may say of a document."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    authority: Annotated[str, AfterValidator(_printable)] | None = Field(default=None, min_length=1, max_length=200, description="the council or body whose document it is", examples=["Saltmarsh"])  # fmt: skip
    kind: str | None = Field(default=None, pattern=r"^[a-z_]{1,100}$", description="the kind of document, such as jhws, stp, ics or foi", examples=["jhws"])  # fmt: skip
    year: int | None = Field(default=None, ge=1900, le=2200, description="the year it begins with", examples=[2024])
    source_url: Annotated[str, AfterValidator(_web_address)] | None = Field(default=None, max_length=2000, description="where it was found; kept, and never fetched")  # fmt: skip


def request_body() -> dict[str, Any]:
    """Return the OpenAPI description of the form: it is read by hand, so that a key is asked for before the body is."""
    schema = Details.model_json_schema()
    file = {"type": "string", "format": "binary", "description": "PDF, DOCX, HTML, Markdown or plain text"}
    form = {"type": "object", "required": ["file"], "additionalProperties": False, "properties": {"file": file, **schema["properties"]}}  # fmt: skip
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form}}}}


async def receive_upload(request: Request, files: Files, max_mb: int, check: Check | None = None) -> Upload:
    """Read the form, keep the file and return what was sent; raise a `Problem` with 413, 415 or 422.

    `check` gets the file's name, digest and size before it is kept, and raises where it shall not be.
    """
    limit = max_mb * _MB
    async with _form(request, limit) as form:
        details, file = _details(form), _file(form)
        # Only what has arrived whole waits here: a sender who takes his time keeps nobody else waiting.
        async with _IN_MEMORY:
            return await run_in_threadpool(_keep, file, details, files, max_mb, check)


def _keep(file: UploadFile, details: Details, files: Files, max_mb: int, check: Check | None) -> Upload:
    data = file.file.read()
    if len(data) > max_mb * _MB:
        raise _too_large(max_mb)
    name = clean_name(file.filename or "")
    if not data.strip():
        raise Problem(422, "document_empty", f"{name}: is empty; send the file again")
    try:
        format_ = detect_format(data, name)
    except DocumentError as error:
        raise Problem(415, error_code(error), str(error)) from error
    if check is not None:
        check(name, hashlib.sha256(data).hexdigest(), len(data))
    return Upload(digest=files.keep(data), name=name, format=format_, size=len(data), **details.model_dump())


def clean_name(given: str) -> str:
    """Return the last part of a file's name without control characters, at most 200 characters; it is only ever shown."""
    base = re.split(r"[\\/]", given)[-1]
    shown = "".join(c for c in base if unicodedata.category(c) not in ("Cc", "Cs")).strip()
    stem, dot, suffix = shown.rpartition(".")
    return (f"{stem[: 199 - len(suffix)]}.{suffix}" if dot and len(suffix) < 20 else shown[:200]) or "document"


@asynccontextmanager
async def _form(request: Request, limit: int) -> AsyncIterator[FormData]:
    """Give out the form while it is open; its temporary files are gone afterwards."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem(415, "not_a_form", "the body is no multipart/form-data; send the document as its field `file`")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit + _FORM_BYTES:
        raise _too_large(limit // _MB)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit + _FORM_BYTES:
            raise _too_large(limit // _MB)
        return message

    bounded = Request(request.scope, receive)
    try:
        form = await bounded.form(max_files=1, max_fields=10, max_part_size=_FORM_BYTES)
    except HTTPException as error:
        raise Problem(422, "invalid_form", f"the form cannot be read: {error.detail}; send one field `file`") from error
    except ClientDisconnect as error:
        raise Problem(400, "cut_off", "the connection ended before the body did; send the document again") from error
    try:
        yield form
    finally:
        await bounded.close()


def _file(form: FormData) -> UploadFile:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Problem(422, "file_missing", "the form has no file in its field `file`; send the document there")
    return file


def _details(form: FormData) -> Details:
    given = {name: value for name, value in form.multi_items() if name != "file" and value != ""}
    try:
        return Details.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        shown = first["input"] if isinstance(first["input"], str) else "a file"
        raise Problem(
            422, "invalid_field", f"{first['loc'][0]}: {shown[:100]!r}: {first['msg']}; correct or omit it"
        ) from error


def _too_large(max_mb: int) -> Problem:
    return Problem(413, "upload_too_large", f"the upload is larger than {max_mb} MB; compress or split the file")
