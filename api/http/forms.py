"""A form read under a limit: one document, several, or a ZIP archive of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Message

from api.archive import MAX_DOCUMENTS, ArchiveError, ArchiveLimitError, is_archive, read_archive
from api.bundle import Bundle, Item
from api.http.problems import Problem
from api.http.upload import IN_MEMORY, MB, Details, Keeper, clean_name, invalid_field, too_large
from api.scoring import error_code
from api.submission import Upload
from classifier.errors import DocumentError, DocumentLimitError

# Boundaries and the other fields of the form, beside the files themselves.
_FORM_BYTES = 64 * 1024


def form_schema() -> dict[str, Any]:
    """Return the OpenAPI description of the form: it is read by hand, so that a key is asked for before the body is."""
    one = {"type": "string", "format": "binary"}
    files = {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_DOCUMENTS, "description": "PDF, DOCX, HTML, Markdown or plain text: one, several, or one ZIP archive of them"}  # fmt: skip
    properties = {"file": files, **Details.model_json_schema()["properties"]}
    return {"type": "object", "required": ["file"], "additionalProperties": False, "properties": properties}


async def receive_form(request: Request, keeper: Keeper) -> Upload | Bundle:
    """Read the form, keep its files and return what was sent; raise a `Problem` with 413, 415 or 422."""
    async with _form(request, keeper.max_mb * MB) as form:
        details, sent = _details(form), _files(form)
        if len(sent) == 1:
            # Only what has arrived whole waits here: a sender who takes his time keeps nobody else waiting.
            async with IN_MEMORY:
                return await run_in_threadpool(_keep_one, sent[0], details, keeper)
        items: list[Item] = []
        digests: list[str] = []
        for file in sent:
            async with IN_MEMORY:
                item, digest = await run_in_threadpool(_keep_item, file, details, keeper)
            items.append(item)
            digests.append(digest)
        return Bundle(tuple(items), _fingerprint("files", [item.name for item in items], digests, details))


def refused(name: str, problem: Problem) -> Item:
    """Return an item of a bundle that is refused on its own."""
    return Item(name, problem=problem.details().model_dump_json())


def _fingerprint(*sent: Any) -> str:
    return hashlib.sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()


def _keep_one(file: UploadFile, details: dict[str, Any], keeper: Keeper) -> Upload | Bundle:
    data, name = file.file.read(), clean_name(file.filename or "")
    if len(data) <= keeper.max_mb * MB and is_archive(data):
        return _unpack(data, name, details, keeper)
    return keeper.keep(data, name, details)


def _keep_item(file: UploadFile, details: dict[str, Any], keeper: Keeper) -> tuple[Item, str]:
    data, name = file.file.read(), clean_name(file.filename or "")
    digest = hashlib.sha256(data).hexdigest()
    try:
        if is_archive(data):
            raise Problem(415, "archive_beside_files", f"{name}: is an archive; send it as the only file of a request")
        return Item(name, keeper.keep(data, name, details)), digest
    except Problem as problem:
        return refused(name, problem), digest


def _unpack(data: bytes, name: str, details: dict[str, Any], keeper: Keeper) -> Bundle:
    items: list[Item] = []
    try:
        for member in read_archive(data, name, keeper.max_mb):
            shown = clean_name(member.name)
            try:
                if isinstance(member.content, DocumentError):
                    raise _unreadable(member.content)
                items.append(Item(shown, keeper.keep(member.content, shown, details)))
            except Problem as problem:
                items.append(refused(shown, problem))
    except ArchiveLimitError as error:
        raise Problem(413, "archive_too_large", str(error)) from error
    except ArchiveError as error:
        raise Problem(422, "archive_empty", str(error)) from error
    return Bundle(tuple(items), _fingerprint("archive", name, hashlib.sha256(data).hexdigest(), details))


def _unreadable(error: DocumentError) -> Problem:
    # What an archive calls its member may hold anything.
    detail = f"{clean_name(error.name)}: {error.reason}; {error.next_step}"
    return Problem(413 if isinstance(error, DocumentLimitError) else 415, error_code(error), detail)


@asynccontextmanager
async def _form(request: Request, limit: int) -> AsyncIterator[FormData]:
    """Give out the form while it is open; its temporary files are gone afterwards."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Problem(415, "not_a_form", "the body is no multipart/form-data; send the document as its field `file`")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit + _FORM_BYTES:
        raise too_large(limit // MB)
    received = 0

    async def receive() -> Message:
        nonlocal received
        message = await request.receive()
        received += len(message.get("body", b""))
        if received > limit + _FORM_BYTES:
            raise too_large(limit // MB)
        return message

    bounded = Request(request.scope, receive)
    try:
        form = await bounded.form(max_files=MAX_DOCUMENTS, max_fields=10, max_part_size=_FORM_BYTES)
    except HTTPException as error:
        raise Problem(422, "invalid_form", f"the form cannot be read: {error.detail}; send one field `file`") from error
    except ClientDisconnect as error:
        raise Problem(400, "cut_off", "the connection ended before the body did; send the document again") from error
    try:
        yield form
    finally:
        await bounded.close()


def _files(form: FormData) -> list[UploadFile]:
    found = form.getlist("file")
    files = [file for file in found if isinstance(file, UploadFile)]
    if not files or len(files) < len(found):
        raise Problem(422, "file_missing", "the form has no file in its field `file`; send the document there")
    return files


def _details(form: FormData) -> dict[str, Any]:
    given = {name: value for name, value in form.multi_items() if name != "file" and value != ""}
    try:
        return Details.model_validate(given).model_dump()
    except ValidationError as error:
        raise invalid_field(error) from error
