"""Uploaded files, each under the digest of its bytes. A file that has its name is whole and on the disk."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path


class Files:
    """The folder of the uploaded files: `ab/abcdef…`, by the SHA-256 of their bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, digest: str) -> Path:
        """Return where the file of a digest lies."""
        return self.folder / digest[:2] / digest

    def sweep(self) -> None:
        """Remove what a crash left half written. Call it while nothing is being written."""
        for scratch in self.folder.glob("*/.*"):
            scratch.unlink()

    def keep(self, data: bytes) -> str:
        """Write bytes whole and durably, unless they are there already; return their SHA-256 in hexadecimal.

        They go to a temporary name, to the disk, and only then to their own name, so that a crash leaves no half file.
        """
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Even where the file is there its name may not be on the disk yet: another request may be writing it just now.
        if not path.is_file():
            _write(data, path)
        _sync_folder(path.parent)
        _sync_folder(self.folder)
        return digest


def _write(data: bytes, path: Path) -> None:
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with scratch.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    """Bring a folder's list of names to the disk: without it a power cut may forget a renamed file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
