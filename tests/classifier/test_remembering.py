"""A passage model that remembers asks the real one about nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifier.artefact import Artefact
from classifier.encoder import Logits, PassageModel, Progress, Text
from classifier.remembering import RememberingModel
from tests.conftest import KeywordModel

TEXTS = [Text("A playground for all."), Text("A leaflet.", "Prevention"), Text("A leaflet.", "Campaigns"), Text("A playground for all.")]  # fmt: skip


class Counting(KeywordModel):
    """The stub, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Text] = []

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        self.asked += texts
        return super().logits(texts, progress)


def test_only_what_is_new_is_asked_and_nothing_twice() -> None:
    real = Counting()
    model = RememberingModel(lambda: real)
    assert np.array_equal(model.logits(TEXTS), KeywordModel().logits(TEXTS))
    assert real.asked == TEXTS[:3]
    later = RememberingModel(lambda: real, model.memory())
    more = [*TEXTS, Text("Screening.")]
    assert np.array_equal(later.logits(more), KeywordModel().logits(more))
    assert real.asked == [*TEXTS[:3], Text("Screening.")]
    assert (model.asked, later.asked) == (3, 1)


def test_the_model_is_not_even_loaded_for_what_is_known() -> None:
    def refuse() -> PassageModel:
        raise AssertionError("loaded")

    first = RememberingModel(KeywordModel)
    first.logits(TEXTS)
    assert np.array_equal(RememberingModel(refuse, first.memory()).logits(TEXTS), KeywordModel().logits(TEXTS))


def test_logits_of_the_real_model_come_back_to_the_last_bit(model: Artefact) -> None:
    first = RememberingModel(lambda: model.passages)
    found = first.logits(TEXTS)
    again = RememberingModel(lambda: model.passages, first.memory())
    assert np.array_equal(again.logits(TEXTS), found)
    assert again.asked == 0
