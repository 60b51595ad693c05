"""A backup: one tar file with the database, the uploaded files and a manifest of digests; and its way back.

The database is copied first and the files afterwards. A file is kept before its row and never deleted, so no row of the copy names
a file that is not in it, however much is submitted meanwhile.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import secrets
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Engine

from api.settings import Settings
from api.store.database import newest_version
from api.store.dump import dump_postgresql, dump_sqlite, load_postgresql
from classifier import __version__
from classifier.errors import ConfigurationError

MANIFEST = "manifest.json"
DATABASES: dict[str, str] = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
_MEMBER = re.compile(r"database\.(sqlite|dump)|files/[0-9a-f]{2}/[0-9a-f]{64}")
_CHUNK = 2**20

Tell = Callable[[int, int], None]


class BackupManifest(BaseModel):
    """What a backup holds: a SHA-256 for every member."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    tables: str
    database: Literal["sqlite", "postgresql"]
    members: dict[str, str]


def back_up(settings: Settings, engine: Engine, target: Path, tell: Tell) -> int:
    """Write a backup, beside a service that may be at work; return the number of its files. `tell` is given bytes done and in all."""
    if target.exists():
        raise ConfigurationError(f"{target}: exists already, and a backup is never written over; choose another name")
    if not target.absolute().parent.is_dir():
        raise ConfigurationError(f"{target}: its folder does not exist; make it, or choose another")
    scratch = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    kind: Literal["sqlite", "postgresql"] = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
    try:
        # Beside the target, where there is room: a folder for temporary files may be held in memory.
        with tempfile.TemporaryDirectory(dir=target.absolute().parent) as folder:
            database = Path(folder) / DATABASES[kind]
            (dump_sqlite if kind == "sqlite" else dump_postgresql)(settings, database)
            members = {DATABASES[kind]: database, **_files(settings.files)}
            with scratch.open("xb") as file:
                _write(file, members, kind, tell)
                file.flush()
                os.fsync(file.fileno())
        scratch.rename(target)
    finally:
        scratch.unlink(missing_ok=True)
    return len(members) - 1


def restore(settings: Settings, engine: Engine, source: Path, tell: Tell) -> int:
    """Bring a backup back into an empty folder, and for PostgreSQL an empty database; return the number of its files.

    Nothing is in its place before every digest has been checked.
    """
    data = settings.data
    if data.exists() and any(data.iterdir()):
        raise ConfigurationError(f"{data}: is not empty, and nothing is written over; name an empty folder with --data")
    kind = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Inside the folder, so that what is checked only has to be renamed.
    with tempfile.TemporaryDirectory(dir=data, prefix=".restore-") as folder, _opened(source) as tar:
        manifest = _unpack(tar, source, Path(folder), tell)
        _check_fits(manifest, kind, source)
        if kind == "postgresql":
            load_postgresql(settings, engine, Path(folder) / DATABASES[kind])
        else:
            (Path(folder) / DATABASES[kind]).rename(data / "prevention.sqlite")
        (Path(folder) / "files").mkdir(exist_ok=True)
        (Path(folder) / "files").rename(settings.files)
    return len(manifest.members) - 1


def _files(folder: Path) -> dict[str, Path]:
    """Return the files that have their name; one that is being written has another still."""
    return {f"files/{path.parent.name}/{path.name}": path for path in sorted(folder.glob("??/[0-9a-f]*"))}


def _write(file: IO[bytes], members: dict[str, Path], kind: Literal["sqlite", "postgresql"], tell: Tell) -> None:
    total = sum(path.stat().st_size for path in members.values())
    done = 0
    digests: dict[str, str] = {}
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, path in members.items():
            with path.open("rb") as content:
                reader = _Digesting(content)
                tar.addfile(_entry(name, size := os.fstat(content.fileno()).st_size), reader)
            digests[name] = reader.digest
            done += size
            tell(done, total)
        manifest = BackupManifest(version=__version__, tables=newest_version(), database=kind, members=digests)
        body = manifest.model_dump_json(indent=1).encode()
        tar.addfile(_entry(MANIFEST, len(body)), io.BytesIO(body))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


class _Digesting(io.RawIOBase):
    """A file that is digested as it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content, self._hash = content, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read and digest."""
        data = self._content.read(size)
        self._hash.update(data)
        return data

    @property
    def digest(self) -> str:
        """The SHA-256 of what has been read."""
        return self._hash.hexdigest()


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, mode="r:") as tar:
            yield tar
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"{source}: no such file; name a backup that `prevention backup` has written"
        ) from error
    except tarfile.TarError as error:
        raise _broken(source, f"cannot be read ({error})") from error


def _unpack(tar: tarfile.TarFile, source: Path, folder: Path, tell: Tell) -> BackupManifest:
    """Write the members into a folder, and check their names and their digests against the manifest."""
    entries = tar.getmembers()
    total = sum(entry.size for entry in entries)
    manifest: BackupManifest | None = None
    digests: dict[str, str] = {}
    done = 0
    for entry in entries:
        content = tar.extractfile(entry) if entry.isreg() else None
        if content is None or not (entry.name == MANIFEST or _MEMBER.fullmatch(entry.name)):
            raise _broken(source, f"holds {entry.name!r}, which no backup does")
        if entry.name == MANIFEST:
            manifest = _manifest(content.read(), source)
        else:
            digests[entry.name] = _copy(content, folder / entry.name)
        done += entry.size
        tell(done, total)
    if manifest is None:
        raise _broken(source, f"has no {MANIFEST} at its end: it is cut short, or no backup")
    for name in sorted(manifest.members.keys() | digests.keys()):
        if manifest.members.get(name) != digests.get(name):
            raise _broken(source, f"{name} is not what its manifest says")
    return manifest


def _manifest(body: bytes, source: Path) -> BackupManifest:
    try:
        return BackupManifest.model_validate_json(body)
    except ValidationError as error:
        raise _broken(source, f"its manifest is none ({error.errors()[0]['msg']})") from error


def _copy(content: IO[bytes], path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    reader = _Digesting(content)
    with path.open("xb") as file:
        while chunk := reader.read(_CHUNK):
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return reader.digest


def _check_fits(manifest: BackupManifest, kind: str, source: Path) -> None:
    if manifest.database != kind:
        needed = (
            "unset PREVENTION_DATABASE_URL"
            if manifest.database == "sqlite"
            else "set PREVENTION_DATABASE_URL to an empty PostgreSQL database"
        )
        raise ConfigurationError(f"{source}: holds a {manifest.database} database, not {kind}; {needed}")
    if manifest.tables > newest_version():
        raise ConfigurationError(
            f"{source}: its tables are at version {manifest.tables}, and this program knows up to {newest_version()}; restore with release {manifest.version} or later"
        )


def _broken(source: Path, what: str) -> ConfigurationError:
    return ConfigurationError(f"{source}: {what}; nothing was restored: take another backup")
