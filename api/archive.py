"""ZIP archives of documents: members read one by one, under limits that are looked at before anything is unpacked."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from classifier.errors import (
    DamagedDocumentError,
    DocumentError,
    DocumentLimitError,
    EncryptedDocumentError,
    PreventionError,
    UnsupportedFormatError,
)

MAX_DOCUMENTS = 200
# Folders and the litter of other systems count too, but cost little.
_MAX_MEMBERS = 2000
_MAX_RATIO = 200
# Small members may be packed as tightly as they like.
_RATIO_FROM = 2**20
# Each entry of an archive's directory begins with this, so that their number is known before they are held in memory.
_ENTRY = b"PK\x01\x02"
_MAX_ENTRIES = 10_000
_OFFICE = {"[Content_Types].xml", "mimetype"}
# Others are unpacked without a limit on what a piece of them becomes.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FAULTS = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, ValueError, OSError)


class ArchiveError(PreventionError):
    """An archive is refused as a whole: it unpacks to more than it may, or holds no document."""


class ArchiveLimitError(ArchiveError):
    """An archive passes a limit on members, size or compression."""


class NestedArchiveError(DocumentError):
    """An archive lies in an archive."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: its bytes, or why it cannot be had. The name is as the archive has it, folders and all."""

    name: str
    content: bytes | DocumentError


def is_archive(data: bytes) -> bool:
    """Tell whether bytes are a ZIP archive that is no office file."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    if data.count(_ENTRY) > _MAX_ENTRIES:
        return True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return not _OFFICE & set(archive.namelist())
    except _FAULTS:
        return False


def read_archive(data: bytes, name: str, member_mb: int) -> Iterator[Member]:
    """Yield an archive's documents, those that cannot be had among them; raise `ArchiveError` before the first of them.

    A member may unpack to `member_mb` MB, all of them together to four times that.
    """
    if data.count(_ENTRY) > _MAX_ENTRIES:
        raise ArchiveLimitError(f"{name}: holds more than {_MAX_MEMBERS} members; split it")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        # What the directory claims binds: of a member that holds more, no more than it claims is unpacked.
        _check(members, name, 4 * member_mb)
        wanted = [member for member in members if _is_wanted(member)]
        if not wanted:
            raise ArchiveError(f"{name}: holds no document; submit an archive of documents")
        for member in wanted:
            yield Member(member.filename, _content(archive, member, member_mb))


def _check(members: list[zipfile.ZipInfo], name: str, total_mb: int) -> None:
    documents = sum(_is_wanted(member) for member in members)
    if len(members) > _MAX_MEMBERS or documents > MAX_DOCUMENTS:
        raise ArchiveLimitError(
            f"{name}: holds {documents} documents in {len(members)} members, more than {MAX_DOCUMENTS} or {_MAX_MEMBERS}; split it"
        )
    total = sum(member.file_size for member in members)
    if total > total_mb * 2**20:
        raise ArchiveLimitError(f"{name}: unpacks to {total / 2**20:.0f} MB, more than {total_mb} MB; split it")
    if any(m.file_size > max(_RATIO_FROM, _MAX_RATIO * m.compress_size) for m in members):
        raise ArchiveLimitError(
            f"{name}: holds a member that unpacks to more than {_MAX_RATIO} times its size, as no document does; leave it out"
        )


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    """Leave out folders, and what other systems put beside documents: `__MACOSX` and names that begin with a dot."""
    parts = [part for part in re.split(r"[\\/]", member.filename) if part not in ("", ".", "..")]
    return bool(parts) and not member.is_dir() and not any(p.startswith(".") or p == "__MACOSX" for p in parts)


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, member_mb: int) -> bytes | DocumentError:
    name = re.split(r"[\\/]", member.filename)[-1]
    if member.flag_bits & 1:
        return EncryptedDocumentError(name, "is protected by a password", "remove the password and submit it again")
    if member.file_size > member_mb * 2**20:
        return DocumentLimitError(name, f"unpacks to more than {member_mb} MB", "compress or split the file")
    if member.compress_type not in _METHODS:
        return UnsupportedFormatError(name, "is packed in a way that is not unpacked here", "pack it anew as plain ZIP")
    try:
        with archive.open(member) as packed:
            # With no size given, a member is unpacked whole before what it claims is looked at.
            data = packed.read(member.file_size)
    except _FAULTS:
        return DamagedDocumentError(name, "cannot be unpacked", "pack it anew")
    if is_archive(data):
        return NestedArchiveError(name, "is an archive in an archive", "unpack it and submit what is in it")
    return data
