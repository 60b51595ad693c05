"""A front before the service that misbehaves as told, and passes everything else on: what a client meets on a bad day."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import httpx

# Answer 503 or 429 and say when to come again; break off before passing the request on, or after.
Trouble = Literal["503", "429", "before", "after"]


@dataclass
class Front:
    """Where it listens, what it has left to do wrong, and the keys of idempotency it has seen."""

    port: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def front(service_port: int, *troubles: Trouble) -> Iterator[Front]:
    """Run a front that does these things wrong with the first uploads, one each."""
    found = Front(troubles=list(troubles))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on(b"")

        def do_POST(self) -> None:
            body = self._body()
            found.keys.append(self.headers["Idempotency-Key"])
            trouble = found.troubles.pop(0) if found.troubles else None
            if trouble in ("503", "429"):
                self.send_response(int(trouble))
                self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif trouble == "before":
                self.close_connection = True
            else:
                self._pass_on(body, cut=trouble == "after")

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _pass_on(self, body: bytes, *, cut: bool = False) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            url = f"http://127.0.0.1:{service_port}{self.path}"
            answer = httpx.request(self.command, url, headers=headers, content=body, timeout=60)
            if cut:
                self.close_connection = True
                return
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        found.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
