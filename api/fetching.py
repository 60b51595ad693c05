"""A document fetched from an address: allowed hosts only, the very network address that was checked, under limits on size and time."""

from __future__ import annotations

import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import unquote

import httpcore
import httpx

from api.addresses import is_public
from classifier.errors import PreventionError

_MB = 2**20
_MAX_REDIRECTS = 3
_REDIRECTS = (301, 302, 303, 307, 308)
_IN_MEMORY = 2**20
_SUFFIXES = {"application/pdf": ".pdf", "text/html": ".html", "text/markdown": ".md", "text/plain": ".txt"}
_HEADERS: dict[str | bytes, str | bytes] = {
    "User-Agent": "prevention-classifier",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


class FetchError(PreventionError):
    """A document could not be fetched."""


class FetchNotAllowedError(FetchError):
    """An address is not one that may be fetched from."""


class FetchTooLargeError(FetchError):
    """What lies at an address is larger than a document may be."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A document that was fetched: a name for it, the address it came from in the end, and its bytes in a temporary file."""

    name: str
    url: str
    content: IO[bytes]


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches documents from the hosts that are allowed: names, or `.gov.uk` for all that end so."""

    hosts: tuple[str, ...]
    private: bool
    seconds: float
    max_mb: int
    is_allowed: Callable[[str], bool] = is_public
    certificates: ssl.SSLContext | None = field(default=None)

    @contextmanager
    def fetch(self, url: str) -> Iterator[Fetched]:
        """Give out what lies at an address, while it is needed; raise a `FetchError` that says why it cannot be had."""
        deadline = time.monotonic() + self.seconds
        pinned = _Pinned(deadline, None if self.private else self.is_allowed)
        with (
            tempfile.SpooledTemporaryFile(_IN_MEMORY) as content,
            httpcore.ConnectionPool(ssl_context=self.certificates, network_backend=pinned) as pool,
        ):
            try:
                name, where = self._follow(pool, url, content)
            except httpcore.TimeoutException as error:
                raise FetchError(
                    f"{url}: was not there within {self.seconds:g} seconds; try again, or upload the file"
                ) from error
            except (httpcore.NetworkError, httpcore.ProtocolError, OSError, UnicodeError) as error:
                raise FetchError(
                    f"{url}: cannot be fetched ({type(error).__name__}); check the address, or upload the file"
                ) from error
            content.seek(0)
            yield Fetched(name, where, content)

    def _follow(self, pool: httpcore.ConnectionPool, url: str, content: IO[bytes]) -> tuple[str, str]:
        here = url
        for _ in range(_MAX_REDIRECTS + 1):
            parsed = self._checked(here)
            with pool.stream("GET", str(parsed), headers={**_HEADERS, "Host": _host(parsed)}) as answer:
                headers = httpx.Headers(answer.headers)
                if answer.status in _REDIRECTS and "location" in headers:
                    here = _joined(parsed, headers["location"])
                    continue
                if answer.status != 200:
                    raise FetchError(f"{here}: answers {answer.status}, not 200; check the address, or upload the file")
                self._receive(here, answer, headers, content)
                return _name(parsed, headers.get("content-type", "")), str(parsed)
        raise FetchError(f"{url}: leads on more than {_MAX_REDIRECTS} times; give the address it leads to")

    def _checked(self, url: str) -> httpx.URL:
        """Return an address after checking all of it that can be told before its host is looked up."""
        try:
            parsed = httpx.URL(url).copy_with(fragment=None)
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            raise FetchNotAllowedError(f"{url[:200]!r}: is no web address; correct it") from error
        if parsed.scheme != "https" and not (self.private and parsed.scheme == "http"):
            raise FetchNotAllowedError(f"{url[:200]!r}: does not begin with https://; give an address that does")
        if parsed.port is not None and not 0 < parsed.port < 65536:
            raise FetchNotAllowedError(f"{url[:200]!r}: there is no port {parsed.port}; correct it")
        if parsed.userinfo:
            raise FetchNotAllowedError(f"{parsed.host!r}: the address holds a name or a password; leave it out")
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
        if not any(host == entry or (entry.startswith(".") and host.endswith(entry)) for entry in self.hosts):
            raise FetchNotAllowedError(
                f"{host!r}: is not among the hosts that may be fetched from; upload the file, or have PREVENTION_FETCH_HOSTS name it"
            )
        return parsed

    def _receive(self, url: str, answer: httpcore.Response, headers: httpx.Headers, content: IO[bytes]) -> None:
        too_large = FetchTooLargeError(f"{url}: is larger than {self.max_mb} MB; compress or split the file")
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise FetchError(f"{url}: comes packed although it was asked for as it is; upload the file")
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self.max_mb * _MB:
            raise too_large
        received = 0
        for part in answer.iter_stream():
            received += len(part)
            if received > self.max_mb * _MB:
                raise too_large
            content.write(part)


def _host(url: httpx.URL) -> str:
    return url.netloc.decode("ascii")


def _joined(url: httpx.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise FetchNotAllowedError(f"{url}: leads on to {location[:200]!r}, which is no web address") from error


def _name(url: httpx.URL, content_type: str) -> str:
    """Return a name for what lies at an address: the last part of its path, with a suffix that says what it was sent as."""
    base = unquote(url.path.rstrip("/").rpartition("/")[2]) or url.host
    suffix = _SUFFIXES.get(content_type.partition(";")[0].strip().lower(), "")
    known = base.lower().endswith((".pdf", ".docx", ".htm", ".html", ".md", ".markdown", ".txt"))
    return base if known else base + suffix


class _Pinned(httpcore.NetworkBackend):
    """Connects to the address it has looked up and checked, so that a name cannot stand for another one in between.

    The request and the certificate keep the name: only the connection knows the address.
    """

    def __init__(self, deadline: float, is_allowed: Callable[[str], bool] | None) -> None:
        self._deadline, self._is_allowed = deadline, is_allowed
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline of the whole stands for it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look a host up, refuse it where one of its addresses is not allowed, and connect to one of them."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if self._is_allowed is not None and not self._is_allowed(address):
                raise FetchNotAllowedError(
                    f"{host!r}: has an address in no public network, and may not be fetched from; upload the file"
                )
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in addresses:
            try:
                left = _left(self._deadline)
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except httpcore.ConnectError as error:
                failed = error
            else:
                return _Timed(stream, self._deadline)
        raise failed


class _Timed(httpcore.NetworkStream):
    """A connection of which every step ends by one deadline, however slowly the other side sends."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Read what has come."""
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send."""
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        """End the connection."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Begin TLS with the host by its name."""
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection."""
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time is up")
    return left
