"""A receiver of webhooks for tests: a real HTTP server on this machine that checks signatures by code of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What a receiver does with the nth message, counted from 0: a status, or something of its own.
Answer = int | Callable[[BaseHTTPRequestHandler], None]


def expected_signature(secret: str, signed: bytes) -> str:
    """Return HMAC-SHA256 as RFC 2104 writes it down, by hand: what is tested must not test itself."""
    key = base64.b64decode(secret.split("_", 1)[1]).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + signed).digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()
    return "v1," + base64.b64encode(outer).decode()


@dataclass
class Receiver:
    """What has been received, and where."""

    port: int = 0
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    ages: list[float] = field(default_factory=list)
    """How old each message was when it came, in seconds, by its own time."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?from=test"

    def messages(self, secret: str) -> list[dict[str, Any]]:
        """Return what the messages say, with their ids, after checking every signature and time."""
        assert all(abs(age) < 120 for age in self.ages), self.ages
        for headers, body in self.received:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            assert headers["webhook-signature"] == expected_signature(secret, signed)
            assert headers["content-type"] == "application/json"
        return [{"id": headers["webhook-id"], **json.loads(body)} for headers, body in self.received]

    def wait(self, count: int, seconds: float = 30) -> None:
        """Wait until so many messages have arrived."""
        end = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < end, f"{len(self.received)} of {count} messages after {seconds} s"
            time.sleep(0.02)


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """Answer a byte at a time and never come to an end: each read is in time, the whole is not."""
    try:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.3)
    except OSError:
        handler.close_connection = True


def redirect(handler: BaseHTTPRequestHandler) -> None:
    """Send the caller elsewhere on this server."""
    handler.send_response(307)
    handler.send_header("Location", "/elsewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()


@contextmanager
def receiver(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver that gives these answers in turn, and 204 when they are used up."""
    found = Receiver()
    left = list(answers)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                found.ages.append(time.time() - float(self.headers.get("webhook-timestamp", "nan")))
                found.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                answer = left.pop(0) if left else 204
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Keep quiet."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Keep quiet where a sender is killed while it is answered."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
