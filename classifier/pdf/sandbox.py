"""The parent's side: start the child, feed it a request, read its frames, and end it when a limit passes."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import (
    DamagedDocumentError,
    DocumentError,
    DocumentLimitError,
    EncryptedDocumentError,
    MissingPageError,
)
from classifier.pdf.frames import MAX_FRAME, frame_length


@dataclass(frozen=True, slots=True)
class Limits:
    """What one PDF may cost: memory in MB, processor and wall time in seconds, pages, bytes.

    Each page sent to text recognition adds `seconds_per_recognised_page` to the wall time.
    """

    memory_mb: int = 2048
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    seconds_per_recognised_page: float = 60.0
    max_pages: int = 3000
    max_bytes: int = 300 * 2**20


DEFAULT_LIMITS = Limits()


class PdfProcess:
    """One child process at work on one file. Starting it costs the parent nothing: reading the frames waits."""

    def __init__(self, operation: str, path: Path, name: str, limits: Limits, **request: Any) -> None:
        self.name, self.limits = name, limits
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise DocumentLimitError(
                name,
                f"is {size / 2**20:.0f} MB, more than the limit of {limits.max_bytes // 2**20} MB",
                "compress or split the file",
            )
        self._deadline = float("inf")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "classifier.pdf.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        assert self._process.stdin is not None
        body = {
            "operation": operation, "path": str(path), "memory_mb": limits.memory_mb, "cpu_seconds": limits.cpu_seconds,
            "max_pages": limits.max_pages, **request,
        }  # fmt: skip
        try:
            self._process.stdin.write(json.dumps(body).encode() + b"\n")
            self._process.stdin.close()
        except BrokenPipeError:
            pass  # the child is gone; reading its frames will say how

    def frames(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Yield each answer with its raw bytes (empty where it has none); raise a `DocumentError` where the child fails."""
        # The clock starts when somebody waits: until then the child may idle on a full pipe, and its processor time is limited.
        self._deadline = time.monotonic() + self.limits.wall_seconds
        try:
            while True:
                head = json.loads(self._frame())
                if "refused" in head:
                    raise self._refusal(head["refused"], head["reason"])
                if "done" in head:
                    return
                if "recognising" in head:
                    self._deadline += self.limits.seconds_per_recognised_page
                payload = self._frame() if {"page", "image", "pdf"} & head.keys() else b""
                yield head, payload
        finally:
            self.close()

    def close(self) -> None:
        """End the child and whatever it started."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _frame(self) -> bytes:
        length = frame_length(self._bytes(4))
        if length > MAX_FRAME:
            raise DocumentLimitError(self.name, "gives an answer too large to be held", "split the file")
        return self._bytes(length)

    def _bytes(self, count: int) -> bytes:
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        parts: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            while count:
                if not selector.select(max(0.0, self._deadline - time.monotonic())):
                    raise DocumentLimitError(
                        self.name,
                        f"took longer than {self.limits.wall_seconds:.0f} seconds to read",
                        "split the file or print it anew to PDF",
                    )
                part = os.read(stream, min(count, 2**20))
                if not part:
                    raise self._death()
                parts.append(part)
                count -= len(part)
        return b"".join(parts)

    def _refusal(self, kind: str, reason: str) -> DocumentError:
        match kind:
            case "encrypted":
                return EncryptedDocumentError(self.name, reason, "remove the password and submit it again")
            case "limit":
                return DocumentLimitError(self.name, reason, "split the file")
            case "page":
                return MissingPageError(self.name, reason, "ask for a page that it has")
            case _:
                return DamagedDocumentError(self.name, reason, "open it in a viewer and print it anew to PDF")

    def _death(self) -> DocumentError:
        """Tell from the way the child ended what was wrong with the file."""
        status = self._process.wait()
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return DocumentLimitError(
                self.name,
                f"took more than {self.limits.cpu_seconds} seconds of processor time",
                "split the file or print it anew to PDF",
            )
        return DamagedDocumentError(
            self.name, "made the PDF reader fail", "open it in a viewer and print it anew to PDF"
        )
