"""Which addresses the service connects to, and that it connects to the one it has checked."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import httpx
import pytest

from api.addresses import AddressError, Target, check_url, is_public, pinned_request, resolve
from tests.api.receiver import receiver


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "192.0.2.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1",
        "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "2001:0:53aa:64c::",
    ],
)  # fmt: skip
def test_what_is_not_public_is_told(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111"])
def test_what_is_public_is_told(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://0x7f.1/", "https://2130706433/", "https://[::ffff:127.0.0.1]/"],
)  # fmt: skip
def test_this_machine_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(AddressError, match=r"no public address|cannot be resolved|is no URL"):
        resolve(url)
    with pytest.raises(AddressError, match="does not begin with https"):
        resolve(url.replace("https", "http"))


def test_private_addresses_are_used_where_the_setting_says_so() -> None:
    assert resolve("http://localhost:81/x", private=True).ip in ("127.0.0.1", "::1")


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    with receiver() as to, httpx.Client(trust_env=False) as client:
        # The name leads nowhere: only the address that was found before counts.
        target = Target(check_url(f"http://name.invalid:{to.port}/a?b=c", private=True), "127.0.0.1")
        assert client.send(pinned_request(client, "POST", target, headers={}, content=b"x")).status_code == 204
        assert to.received[0][0]["host"] == f"name.invalid:{to.port}"


def test_a_certificate_is_checked_by_name(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "2",
         "-subj", "/CN=hook.invalid", "-addext", "subjectAltName=DNS:hook.invalid"],
        check=True, capture_output=True,
    )  # fmt: skip
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    named: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: named.append(name)
    trusts = ssl.create_default_context(cafile=str(certificate))
    with receiver(tls=tls) as to:

        def send(host: str) -> int:
            target = Target(check_url(f"https://{host}:{to.port}/"), "127.0.0.1")
            with httpx.Client(trust_env=False, verify=trusts) as client:
                return client.send(pinned_request(client, "POST", target, headers={}, content=b"x")).status_code

        assert send("hook.invalid") == 204
        with pytest.raises(httpx.ConnectError, match="certificate"):
            send("other.invalid")
    assert named == ["hook.invalid", "other.invalid"]


def test_a_name_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: rows)
    with pytest.raises(AddressError, match=r"stands for 10\.0\.0\.1"):
        resolve("https://example.org/")
