"""Files: whole or not there, each once, whatever happens while they are written."""

from __future__ import annotations

import errno
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from api.store.files import Files


def test_a_file_lies_under_its_digest(tmp_path: Path) -> None:
    digest = Files(tmp_path).keep(b"words")
    assert digest == hashlib.sha256(b"words").hexdigest()
    assert Files(tmp_path).path(digest).read_bytes() == b"words"


def test_one_file_sent_by_many_is_written_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        (digest,) = set(pool.map(Files(tmp_path).keep, [b"words" * 10_000] * 32))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [digest]


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Files(tmp_path).keep(b"words")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_crash_left_half_written_is_swept_away(tmp_path: Path) -> None:
    files = Files(tmp_path)
    kept = files.path(files.keep(b"words"))
    half = kept.with_name(f".{kept.name}.0123abcd")
    half.write_bytes(b"wor")
    files.sweep()
    assert kept.is_file()
    assert not half.exists()
