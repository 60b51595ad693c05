"""The model in use, shared by the worker and by requests: each runs it for one batch of text, then lets the next in line."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from classifier.artefact import Artefact
from classifier.encoder import Logits, PassageModel, Progress, Text


class Turns:
    """A lock that is handed on in the order in which it was asked for; Python's own goes to whoever is quickest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def take(self) -> None:
        """Wait for a turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            called = threading.Event()
            self._waiting.append(called)
        called.wait()

    def end(self) -> None:
        """Let the next in line have the turn."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a turn."""
        self.take()
        try:
            yield
        finally:
            self.end()


class SharedPassages:
    """A passage model for several threads. It is run by one at a time, and changes hands after each batch.

    The results are the same: a passage's numbers do not depend on what shares its batch.
    """

    def __init__(self, model: PassageModel) -> None:
        self._model, self._turns = model, Turns()

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        """Return logits of shape (passages, labels)."""

        # The model tells its progress after each batch, and is at rest then.
        def between(done: int, total: int) -> None:
            self._turns.end()
            try:
                if progress is not None:
                    progress(done, total)
            finally:
                self._turns.take()

        with self._turns.turn():
            return self._model.logits(texts, between)


def shared(model: Artefact) -> Artefact:
    """Return the same model, safe to use from several threads."""
    return replace(model, passages=SharedPassages(model.passages))
