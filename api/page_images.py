"""Images of pages, kept on the disk within a bounded room: all of them can be made again."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import suppress
from pathlib import Path

from classifier.pdf import Limits, render_pages

# Somebody waits for it: a page that takes longer than this is refused.
_LIMITS = Limits(cpu_seconds=60, wall_seconds=60.0)
# How far the folder is emptied where it is over its room, so that this does not have to be done again at once.
_EMPTIED_TO = 0.8


class PageImages:
    """Renders pages as PNG in the sandbox, each once, and keeps the images that were used last."""

    def __init__(self, folder: Path, max_mb: int) -> None:
        self._folder, self._room = folder, max_mb * 2**20
        self._lock = threading.Lock()
        self._size: int | None = None

    def page(self, file: Path, digest: str, name: str, number: int, width: int) -> bytes:
        """Return a page as PNG; raise a `DocumentError` that says why it cannot be shown."""
        path = self._folder / digest[:2] / f"{digest}-{number}-{width}.png"
        with suppress(FileNotFoundError):
            image = path.read_bytes()
            os.utime(path)
            return image
        (page,) = render_pages(file.resolve(), name, [number], width=width, image="PNG", limits=_LIMITS)
        # A disk that is full costs the next reader time, and this one nothing.
        with suppress(OSError):
            self._keep(path, page.image)
        return page.image

    def _keep(self, path: Path, image: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            scratch.write_bytes(image)
            scratch.replace(path)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        with self._lock:
            # What an earlier process has left counts too.
            self._size = self._size + len(image) if self._size is not None else self._measured()
            if self._size > self._room:
                self._size = self._emptied()

    def _files(self) -> list[tuple[float, int, Path]]:
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):
                state = path.stat()
                found.append((state.st_mtime, state.st_size, path))
        return sorted(found)

    def _measured(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _emptied(self) -> int:
        """Remove the images that were used longest ago; return what is left."""
        files = self._files()
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= self._room * _EMPTIED_TO:
                break
            path.unlink(missing_ok=True)
            left -= size
        return left
