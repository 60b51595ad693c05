"""Addresses that strangers name and the service connects to: resolved once, checked, and then connected to at that very address."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass

import httpx

from classifier.errors import PreventionError

_PORTS = {"http": 80, "https": 443}
# Everything else of IPv6 is local, reserved, or wraps an IPv4 address.
_IPV6 = ipaddress.IPv6Network("2000::/3")
_WRAPPED = ipaddress.IPv6Network("2002::/16")
_MAX_LENGTH = 2000


class AddressError(PreventionError):
    """An address that the service does not connect to."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was checked: the URL as it was given, and the IP address that its name stood for."""

    url: httpx.URL
    ip: str


def check_url(url: str, *, private: bool = False) -> httpx.URL:
    """Return a URL whose form the service accepts: https (or http, where `private` allows it), a host, and no password.

    Raises `AddressError`.
    """
    if len(url) > _MAX_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        raise AddressError(
            f"{url[:100]!r}: has other than plain ASCII characters or more than {_MAX_LENGTH}; encode it as a browser would"
        )
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressError(f"{url[:100]!r}: is no URL ({error}); write it as https://host/path") from error
    schemes = ("https", "http") if private else ("https",)
    if parsed.scheme not in schemes or not parsed.host:
        raise AddressError(f"{url[:100]!r}: does not begin with {' or '.join(schemes)} and a host; write it as https://host/path")  # fmt: skip
    if parsed.userinfo or parsed.fragment:
        raise AddressError(f"{parsed.copy_with(userinfo=b'', fragment=None)}: came with a password or a fragment; leave it out")  # fmt: skip
    if parsed.port is not None and not 0 < parsed.port < 2**16:
        raise AddressError(f"{url[:100]!r}: has no such port as {parsed.port}; use one from 1 to 65535")
    return parsed


def resolve(url: str, *, private: bool = False) -> Target:
    """Look a URL's host up and return where to connect; every address that the name stands for must be public.

    `private` allows addresses of this machine and its networks. Raises `AddressError`.
    """
    parsed = check_url(url, private=private)
    try:
        found = socket.getaddrinfo(parsed.host, parsed.port or _PORTS[parsed.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressError(f"{parsed.host}: the name cannot be resolved; check it, or try again later") from error
    addresses = [str(row[4][0]) for row in found]
    for address in addresses:
        if not private and not is_public(address):
            raise AddressError(f"{parsed.host}: stands for {address}, which is no public address; name a public host")
    return Target(parsed, addresses[0])


def is_public(address: str) -> bool:
    """Tell whether an IP address lies in the public internet: not private, loopback, link-local, reserved or multicast."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (ip not in _IPV6 or ip in _WRAPPED):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def pinned_request(
    client: httpx.Client | httpx.AsyncClient,
    method: str,
    target: Target,
    *,
    headers: dict[str, str],
    content: bytes | None = None,
) -> httpx.Request:
    """Return a request that connects to the target's IP address; Host and the certificate's name stay those of its URL.

    The client is to be this target's own: connections are kept by IP address, so one that was checked for another name at the
    same address would be used again.
    """
    return client.build_request(
        method,
        target.url.copy_with(host=target.ip),
        headers={**headers, "Host": target.url.netloc.decode("ascii")},
        content=content,
        extensions={"sni_hostname": target.url.host},
    )


def trusted() -> ssl.SSLContext:
    """Return the certificates to trust: the usual ones, or those that SSL_CERT_FILE or SSL_CERT_DIR name."""
    return httpx.create_ssl_context()
