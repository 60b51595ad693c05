"""A small web server on this machine that behaves as the path asks it to."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.api.service import strategy


class _Handler(BaseHTTPRequestHandler):
    seen: list[tuple[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        """Answer as the path asks."""
        self.seen.append((self.path, self.headers["Host"]))
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        if path.startswith("/to"):
            return self._send(302, b"", Location=query["where"][0])
        if path.startswith("/again"):
            left = int(query["left"][0])
            return self._send(302, b"", Location=f"/again?left={left - 1}" if left else "/plan.md")
        if path.startswith("/large"):
            return self._send(200, b"words " * 400_000)
        if path.startswith("/endless"):
            return self._drip(b"words " * 20_000, 200, 0.0)
        if path.startswith("/slow"):
            return self._drip(b"words ", 100, 0.1)
        if path.startswith("/picture"):
            return self._send(200, b"\x89PNG\r\n\x1a\n\0\0\0")
        if path.startswith("/packed"):
            return self._send(200, b"\x1f\x8b", **{"Content-Encoding": "gzip"})
        if path.startswith("/none"):
            return self._send(404, b"")
        return self._send(200, strategy(f"fetched {self.path}"), **{"Content-Type": "text/plain; charset=utf-8"})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, part: bytes, times: int, pause: float) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(times):
            self.wfile.write(part)
            time.sleep(pause)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a reader who has gone."""


class Web:
    """The server: where it listens, and which requests it has seen as (path, host)."""

    def __init__(self, port: int, seen: list[tuple[str, str]]) -> None:
        self.port, self.seen = port, seen

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Return the address of a path."""
        return f"{scheme}://{host}:{self.port}{path}"


@contextmanager
def web(certificate: tuple[str, str] | None = None) -> Iterator[Web]:
    """Run the server while it is needed; with a certificate (file, key file) it speaks TLS."""

    class Handler(_Handler):
        seen: list[tuple[str, str]] = []  # noqa: RUF012

    server = _Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Web(server.server_address[1], Handler.seen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
