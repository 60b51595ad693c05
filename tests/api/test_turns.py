"""One model for several threads."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest

from api.turns import SharedPassages, shared
from classifier.artefact import Artefact
from classifier.encoder import Logits, Progress, Text


class BatchModel:
    """Scores a text in a batch of its own, and notices when two threads are in a batch at once."""

    def __init__(self) -> None:
        self.inside = 0
        self.log: list[str] = []

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        for number, text in enumerate(texts, 1):
            self.inside += 1
            assert self.inside == 1
            self.log.append(text.text)
            time.sleep(0.01)
            self.inside -= 1
            if progress is not None:
                progress(number, len(texts))
        return np.zeros((len(texts), 1), dtype=np.float32)


def test_a_short_request_does_not_wait_for_a_long_document() -> None:
    model = BatchModel()
    turns = SharedPassages(model)
    begun = threading.Event()
    document = threading.Thread(target=turns.logits, args=([Text("document")] * 30, lambda *_: begun.set()))
    document.start()
    begun.wait()
    turns.logits([Text("request")])
    assert document.is_alive()
    document.join()
    assert model.log.count("document") == 30


def test_batches_are_taken_in_turns() -> None:
    model = BatchModel()
    turns = SharedPassages(model)
    threads = [threading.Thread(target=turns.logits, args=([Text(name)] * 10,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = model.log.index("b" if model.log[0] == "a" else "a")
    both = model.log[first : 20 - first]
    assert all(one != next_ for one, next_ in itertools.pairwise(both))


def test_a_fault_in_the_progress_gives_the_turn_back() -> None:
    def fail(done: int, total: int) -> None:
        raise RuntimeError("the database is away")

    turns = SharedPassages(BatchModel())
    with pytest.raises(RuntimeError):
        turns.logits([Text("a")], fail)
    assert turns.logits([Text("a")]).shape == (1, 1)


def test_the_numbers_stay_the_same(stub: Artefact) -> None:
    texts = [Text("reablement at home"), Text("a playground")]
    assert (shared(stub).passages.logits(texts) == stub.passages.logits(texts)).all()
