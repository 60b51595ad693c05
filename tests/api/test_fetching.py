"""What may be fetched, from where, and for how long; against a server of this machine."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.fetching import Fetcher, FetchError, FetchNotAllowedError, FetchTooLargeError
from tests.api.web import Web, web


@pytest.fixture(scope="module")
def site() -> Iterator[Web]:
    with web() as running:
        yield running


def fetcher(*hosts: str, private: bool = True, seconds: float = 2.0, **more: Any) -> Fetcher:
    return Fetcher(hosts, private, seconds, max_mb=1, **more)


def fetched(fetch: Fetcher, url: str) -> tuple[str, bytes]:
    with fetch.fetch(url) as found:
        return found.name, found.content.read()


def test_a_document_gets_a_name_with_a_suffix(site: Web) -> None:
    name, content = fetched(fetcher("127.0.0.1"), site.url("/plans/plan%20one.md?x=1#part"))
    assert (name, content.startswith(b"# Strategy")) == ("plan one.md", True)
    assert fetched(fetcher("127.0.0.1"), site.url("/plans/2024/"))[0] == "2024.txt"


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        ((), "https://example.org/"),
        (("example.org",), "https://www.example.org/"),
        (("example.org",), "https://example.org.evil.net/"),
        ((".gov.uk",), "https://gov.uk/"),
        ((".gov.uk",), "https://notgov.uk/"),
        (("example.org",), "https://example.org@evil.net/"),
        (("example.org",), "https://me:secret@example.org/"),
        (("example.org",), "http://example.org/"),
        (("example.org",), "ftp://example.org/"),
        (("example.org",), "file:///etc/passwd"),
        (("example.org",), "//example.org/"),
        (("example.org",), "example.org"),
        (("example.org",), ""),
        (("example.org",), "https://example.org:99999/"),
        (("example.org",), "https://exa\x00mple.org/"),
        (("127.0.0.1",), "https://2130706433/"),
    ],
)
def test_what_is_not_allowed_is_refused_before_anything_is_asked(hosts: tuple[str, ...], url: str) -> None:
    with pytest.raises(FetchNotAllowedError) as refused, fetcher(*hosts, private=False).fetch(url):
        pass
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "0x7f.1", "127.1"])
def test_this_machine_is_refused_by_its_address(site: Web, host: str) -> None:
    before = len(site.seen)
    allowed = fetcher(host.strip("[]"), private=False)
    with pytest.raises(FetchNotAllowedError, match=r"may not be fetched from|in no public network"), allowed.fetch(site.url("/plan.md", host, "https")):  # fmt: skip
        pass
    assert len(site.seen) == before


def test_a_redirect_is_checked_anew(site: Web) -> None:
    allowed = fetcher("127.0.0.1", "127.0.0.2", is_allowed=lambda address: str(address) == "127.0.0.1")
    assert fetched(allowed, site.url(f"/to?where={site.url('/plan.md')}"))[0] == "plan.md"
    for where in ("http://localhost/", "http://10.0.0.1/", "file:///etc/passwd", "//169.254.169.254/"):
        with pytest.raises(FetchNotAllowedError), allowed.fetch(site.url(f"/to?where={where}")):
            pass


def test_redirects_are_counted(site: Web) -> None:
    assert fetched(fetcher("127.0.0.1"), site.url("/again?left=2"))[0] == "plan.md"
    with pytest.raises(FetchError, match="leads on more than 3 times"), fetcher("127.0.0.1").fetch(site.url("/again?left=3")):  # fmt: skip
        pass


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_what_is_too_large_is_given_up(site: Web, path: str) -> None:
    with pytest.raises(FetchTooLargeError, match="larger than 1 MB"), fetcher("127.0.0.1", seconds=20).fetch(site.url(path)):  # fmt: skip
        pass


def test_what_takes_too_long_is_given_up_however_it_drips(site: Web) -> None:
    begun = time.monotonic()
    with pytest.raises(FetchError, match="was not there within 1 seconds"), fetcher("127.0.0.1", seconds=1).fetch(site.url("/slow")):  # fmt: skip
        pass
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(("path", "told"), [("/none", "answers 404"), ("/packed", "comes packed")])
def test_what_cannot_be_had_is_told(site: Web, path: str, told: str) -> None:
    with pytest.raises(FetchError, match=told), fetcher("127.0.0.1").fetch(site.url(path)):
        pass


def test_a_port_that_nobody_listens_at_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(FetchError, match="cannot be fetched"), fetcher("127.0.0.1").fetch(url):
            pass


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_connection_goes_to_the_address_checked_and_the_name_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=plans.example"]
    subprocess.run(
        [*asked, "-addext", "subjectAltName=DNS:plans.example", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    looked_up: list[str] = []
    answers = iter(["127.0.0.1", "127.0.0.9"])
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *given: Any, **named: Any) -> Any:
        """Give the name another address each time it is looked up, as whoever holds its zone may."""
        return real(next(answers) if host == "plans.example" else host, port, *given, **named)

    def allowed(address: str) -> bool:
        looked_up.append(address)
        return str(address) == "127.0.0.1"

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    trusted = ssl.create_default_context(cafile=certificate)
    with web((certificate, key)) as site:
        get = fetcher("plans.example", private=False, is_allowed=allowed, certificates=trusted)
        name, _ = fetched(get, site.url("/plan.md", "plans.example", "https"))
        assert site.seen == [("/plan.md", f"plans.example:{site.port}")]
        with pytest.raises(FetchNotAllowedError, match="in no public network"), get.fetch(site.url("/plan.md", "plans.example", "https")):  # fmt: skip
            pass
        stranger = fetcher("127.0.0.1", private=True, certificates=trusted)
        with pytest.raises(FetchError, match="cannot be fetched"), stranger.fetch(site.url("/plan.md", scheme="https")):
            pass
    assert name == "plan.md"
    assert [str(address) for address in looked_up] == ["127.0.0.1", "127.0.0.9"]
