"""How the child process answers: frames of four bytes of length, little-endian, and that many bytes."""

from __future__ import annotations

import struct
from typing import BinaryIO

_LENGTH = struct.Struct("<I")
MAX_FRAME = 512 * 2**20


def write_frame(out: BinaryIO, content: bytes) -> None:
    """Write one frame."""
    out.write(_LENGTH.pack(len(content)))
    out.write(content)
    out.flush()


def frame_length(head: bytes) -> int:
    """Return the length a frame's first four bytes announce."""
    (length,) = _LENGTH.unpack(head)
    return int(length)
