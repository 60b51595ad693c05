"""A list of addresses that documents are fetched from."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.bundle import Bundle, Item
from api.fetching import Fetcher, FetchError, FetchNotAllowedError, FetchTooLargeError
from api.http.forms import refused
from api.http.problems import Problem
from api.http.service import Service
from api.http.upload import Description, Keeper, clean_name, invalid_field
from api.submission import Upload

MAX_ADDRESSES = 20
_MAX_BYTES = 64 * 1024
# How many addresses are fetched from at a time, whoever asked for them.
_FETCHING = asyncio.Semaphore(4)


class Addresses(Description):
    """Where documents lie, and what the sender says of each of them."""

    urls: list[Annotated[str, Field(min_length=1, max_length=2000)]] = Field(
        min_length=1, max_length=MAX_ADDRESSES, examples=[["https://www.saltmarsh.gov.uk/strategy-2024.pdf"]]
    )

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of everything that was sent."""
        return hashlib.sha256(json.dumps(["urls", self.model_dump()], sort_keys=True).encode()).hexdigest()


def addresses_schema() -> dict[str, Any]:
    """Return the OpenAPI description of the body."""
    return Addresses.model_json_schema()


async def receive_addresses(request: Request) -> Addresses:
    """Read the list; raise a `Problem` with 413, 415 or 422."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > _MAX_BYTES:
                raise Problem(413, "upload_too_large", f"the list is larger than {_MAX_BYTES // 1024} kB; split it")
    except ClientDisconnect as error:
        raise Problem(400, "cut_off", "the connection ended before the body did; send the list again") from error
    try:
        return Addresses.model_validate_json(body)
    except ValidationError as error:
        if any(fault["type"] == "missing" for fault in error.errors()):
            raise Problem(
                415, "not_a_form", "the body is no multipart/form-data and names no `urls`; send the document as its field `file`"
            ) from error  # fmt: skip
        raise invalid_field(error) from error


def check_fetching(service: Service) -> None:
    """Raise a `Problem` where nothing may be fetched at all."""
    if not service.settings.hosts:
        raise Problem(
            422, "fetch_not_allowed", "no host may be fetched from; upload the files, or have PREVENTION_FETCH_HOSTS name the hosts"
        )  # fmt: skip


async def fetch_bundle(addresses: Addresses, service: Service, keeper: Keeper) -> Bundle:
    """Fetch what lies at each address and keep it; what cannot be had is refused on its own."""
    settings = service.settings
    fetcher = Fetcher(settings.hosts, settings.fetch_private, settings.fetch_seconds, settings.max_upload_mb)
    details = addresses.model_dump(exclude={"urls"})

    async def item(url: str) -> Item:
        try:
            return await _fetch(fetcher, url, details, keeper)
        except Problem as problem:
            return refused(_shown(url), problem)

    items = await asyncio.gather(*(item(url) for url in addresses.urls))
    return Bundle(tuple(items), addresses.fingerprint)


async def _fetch(fetcher: Fetcher, url: str, details: dict[str, Any], keeper: Keeper) -> Item:
    try:
        async with _FETCHING:
            upload = await run_in_threadpool(_keep, fetcher, url, details, keeper)
    except FetchNotAllowedError as error:
        raise Problem(422, "fetch_not_allowed", str(error)) from error
    except FetchTooLargeError as error:
        raise Problem(413, "upload_too_large", str(error)) from error
    except FetchError as error:
        raise Problem(422, "fetch_failed", str(error)) from error
    return Item(_shown(url), upload)


def _keep(fetcher: Fetcher, url: str, details: dict[str, Any], keeper: Keeper) -> Upload:
    with fetcher.fetch(url) as fetched:
        said = {**details, "source_url": url}
        return keeper.keep(fetched.content.read(), clean_name(fetched.name), said)


def _shown(url: str) -> str:
    """Return an address as it is shown; some databases take no control characters."""
    return "".join(character if character.isprintable() else "\ufffd" for character in url)
