"""A passage model that remembers: what it has been asked before it answers from memory, and it is loaded only for what is new."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable, Sequence

import numpy as np

from classifier.encoder import Logits, PassageModel, Progress, Text

_LENGTH = struct.Struct("<Q")


def text_digest(text: Text) -> str:
    """Return the SHA-256 of what is asked about: heading and text."""
    return hashlib.sha256(json.dumps([text.heading, text.text]).encode()).hexdigest()


class RememberingModel:
    """Logits by the digest of the text, in front of a model that is fetched when it is first needed.

    A passage's logits do not depend on what shares its batch, so it makes no difference which of them are remembered.
    """

    def __init__(self, fetch: Callable[[], PassageModel], memory: bytes | None = None) -> None:
        self._fetch = fetch
        self._known: dict[str, Logits] = {} if memory is None else _unpack(memory)
        self.asked = 0

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        """Return logits of shape (passages, labels)."""
        if not texts:
            return self._fetch().logits(texts, progress)
        digests = [text_digest(text) for text in texts]
        unknown = {d: t for d, t in zip(digests, texts, strict=True) if d not in self._known}
        if unknown:
            self.asked += len(unknown)
            found = self._fetch().logits(list(unknown.values()), progress)
            self._known |= dict(zip(unknown, found, strict=True))
        return np.stack([self._known[digest] for digest in digests])

    def memory(self) -> bytes:
        """Return all that is known as bytes."""
        digests = sorted(self._known)
        head = json.dumps(digests).encode("ascii")
        table = np.stack([self._known[d] for d in digests]) if digests else np.zeros((0, 0), np.float32)
        return _LENGTH.pack(len(head)) + head + table.astype("<f4").tobytes()


def _unpack(memory: bytes) -> dict[str, Logits]:
    (length,) = _LENGTH.unpack_from(memory)
    at = _LENGTH.size + length
    digests = json.loads(memory[_LENGTH.size : at])
    table = np.frombuffer(memory, "<f4", -1, at)
    return dict(zip(digests, table.reshape(len(digests), -1) if digests else [], strict=True))
