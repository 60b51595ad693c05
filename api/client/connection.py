"""The connection to a service: requests that are sent again while it is busy, full of work, or away."""

from __future__ import annotations

import io
import random
import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from classifier import __version__
from classifier.errors import ConfigurationError, PreventionError

_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
# The service, or what stands before it, says by these that the same request may succeed later.
_LATER = (429, 502, 503, 504)
_REFUSED = (401, 403)
_FIRST_PAUSE, _LAST_PAUSE = 0.3, 15.0
# A wrong address is told soon; a service that was there before is waited for longer.
_FIRST_PATIENCE = 5.0


class UnreachableError(PreventionError):
    """The service does not answer, and did not for as long as it was waited for."""


class RefusedError(PreventionError):
    """The service has refused a request; the message is what it says."""


class Reader(io.BytesIO):
    """A file's bytes that tell how far they have been read."""

    def __init__(self, data: bytes, tell_progress: Callable[[int, int], None]) -> None:
        super().__init__(data)
        self._size, self._tell_progress = len(data), tell_progress

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes."""
        data = super().read(size)
        self._tell_progress(self.tell(), self._size)
        return data


class Connection:
    """A service at an address, with a key. `patience` is for how many seconds a request is tried."""

    def __init__(self, url: str, key: str | None, patience: float) -> None:
        if not key:
            raise ConfigurationError("no key was given; name it with --key, or in PREVENTION_KEY")
        if not key.isascii() or not key.isprintable():
            raise ConfigurationError("the key has characters that no key has; copy it anew from where it was shown")
        self.url, self._patience = url.rstrip("/"), patience
        headers = {"Authorization": f"Bearer {key}", "User-Agent": f"prevention/{__version__}"}
        try:
            self._client = httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT)
            if self._client.base_url.scheme not in ("http", "https") or not self._client.base_url.host:
                raise httpx.InvalidURL("no http:// or https:// with a host")
        except (httpx.InvalidURL, ValueError) as error:
            raise ConfigurationError(f"{url!r}: is no address of a service ({error}); write it as https://host") from error  # fmt: skip

    def close(self) -> None:
        """Let go of the service."""
        self._client.close()

    def check(self) -> None:
        """Raise where the address or the key is wrong, before anything is sent."""
        self._request("GET", "/v1/models", min(self._patience, _FIRST_PATIENCE))

    def get(self, path: str, **parameters: str | float) -> httpx.Response:
        """Fetch something."""
        return self._request("GET", path, self._patience, params=parameters)

    def upload(self, name: str, data: bytes, progress: Callable[[int, int], None]) -> dict[str, Any]:
        """Send a document, as often as it takes; the key of idempotency makes it one request."""
        with Reader(data, progress) as reader:
            answer: dict[str, Any] = self._request(
                "POST", "/v1/documents", self._patience, files={"file": (name, reader)},
                headers={"Idempotency-Key": uuid.uuid4().hex},
            ).json()  # fmt: skip
        return answer

    def _request(self, method: str, path: str, patience: float, **options: Any) -> httpx.Response:
        end, pause = time.monotonic() + patience, _FIRST_PAUSE
        while True:
            asked: float | None = None
            error: PreventionError
            try:
                response = self._client.request(method, path, **options)
            except httpx.TransportError as lost:
                reason = str(lost) or type(lost).__name__
                error = UnreachableError(f"{self.url}: does not answer ({reason}); check the address, and that the service runs")  # fmt: skip
            else:
                if response.is_success:
                    return response
                error = _refusal(response)
                if response.status_code not in _LATER:
                    raise error
                after = response.headers.get("Retry-After", "")
                asked = float(after) if after.isdigit() else None
            # What the service asks for is kept to; without it, pauses grow and differ, so that many clients do not come at once.
            wait = asked if asked is not None else pause * random.uniform(0.5, 1)  # noqa: S311
            if time.monotonic() + wait > end:
                raise error
            time.sleep(wait)
            pause = min(_LAST_PAUSE, pause * 2)


def _refusal(response: httpx.Response) -> PreventionError:
    """Return what a problem document says as an error; a wrong key makes the whole call wrong."""
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"{response.request.url}: answered {response.status_code}, not as this service does; check the address"
    detail = " ".join(detail.split())
    return ConfigurationError(detail) if response.status_code in _REFUSED else RefusedError(detail)
