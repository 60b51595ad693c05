"""Members are trained apart and averaged; the same seed gives the same weights."""

from __future__ import annotations

import pytest
import torch

from classifier.codebook import load_codebook
from classifier.errors import TrainingError
from training.config import TrainingConfig
from training.data import DATA, LabelledPassage, in_split, load_passages, load_splits
from training.encoder import fine_tune
from training.soup import fine_tune_members

CONFIG = TrainingConfig(epochs=1, members=2, threads=2)


@pytest.fixture(scope="module")
def labels() -> tuple[str, ...]:
    return tuple(load_codebook(DATA / "codebook.toml").labels)


@pytest.fixture(scope="module")
def passages(labels: tuple[str, ...]) -> list[LabelledPassage]:
    return in_split(load_passages(load_codebook(DATA / "codebook.toml")), load_splits(), "train")[:24]


def test_the_weights_are_the_mean_of_the_members(passages: list[LabelledPassage], labels: tuple[str, ...]) -> None:
    told: list[str] = []
    soup = fine_tune_members(passages, labels, CONFIG, told.append).state_dict()
    alone = CONFIG.model_copy(update={"threads": 1})
    one, other = (fine_tune(passages, labels, alone, lambda _: None, member).state_dict() for member in (0, 1))
    assert not torch.equal(one["heads.weight"], other["heads.weight"])
    for name in ("heads.weight", "encoder.encoder.layer.5.output.dense.weight"):
        torch.testing.assert_close(soup[name], (one[name] + other[name]) / 2, rtol=1e-5, atol=1e-7)
    assert {line.split(":")[0] for line in told} == {"member 1", "member 2"}


def test_a_member_that_fails_ends_the_run_with_a_sentence(
    passages: list[LabelledPassage], labels: tuple[str, ...]
) -> None:
    with pytest.raises(TrainingError, match=r"a member's process ended with status 1|left no weights"):
        fine_tune_members(passages, labels, CONFIG.model_copy(update={"encoder": "no/such-encoder"}), lambda _: None)
