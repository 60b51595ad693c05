"""Files of a corpus, wherever they lie: on this machine, or behind any URL that fsspec knows (s3://, gs://, https://, memory://)."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from classifier.errors import ConfigurationError, DocumentError, MissingExtraError
from classifier.reading import SUFFIXES


def is_url(place: str) -> bool:
    """Tell whether a place is a URL and not a path."""
    return "://" in place


def filesystem(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL, and the path in it."""
    try:
        import fsspec
    except ImportError as error:
        raise MissingExtraError(f"{url}: reading from a URL", "ray") from error
    try:
        found, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(f"{url}: fsspec cannot open it ({error}); install what it names, or correct the URL") from error  # fmt: skip
    return found, path


def list_documents(place: str) -> list[str]:
    """Return the documents in a folder or below a URL, in the order of their names."""
    if not is_url(place):
        folder = Path(place)
        return [str(p) for p in sorted(folder.rglob("*")) if p.suffix.lower() in SUFFIXES and p.is_file()]
    found, path = filesystem(place)
    try:
        names = found.find(path)
    except OSError as error:
        raise ConfigurationError(f"{place}: cannot be listed ({error}); check the URL and your credentials") from error
    return [found.unstrip_protocol(name) for name in sorted(names) if Path(name).suffix.lower() in SUFFIXES]


@contextmanager
def local_file(place: str, name: str) -> Iterator[Path]:
    """Give out a path on this machine at which the file can be read; one behind a URL is fetched, and removed afterwards."""
    if not is_url(place):
        yield Path(place)
        return
    found, path = filesystem(place)
    with tempfile.TemporaryDirectory(prefix="prevention-") as folder:
        target = Path(folder) / "document"
        try:
            with found.open(path, "rb") as source, target.open("wb") as copy:
                shutil.copyfileobj(source, copy, 2**20)
        except FileNotFoundError as error:
            raise DocumentError(name, f"is no longer at {place}", "put it back, or add it again from where it is") from error  # fmt: skip
        yield target


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
