"""The released graph: nothing is cut off, and nobody's result depends on his neighbours."""

from __future__ import annotations

import time

import numpy as np
import pytest

from classifier.artefact import TOKENIZER, Artefact, current_model
from classifier.encoder import MAX_TOKENS, Text, batches, windows

TEXTS = [
    Text("We will find people at risk of falling and visit them at home.", "Falls"),
    Text("Reablement for six weeks after a stay in hospital, at no charge."),
    Text("The committee met four times.", "Governance"),
    Text("Healthy lifestyles for all: walking groups, cooking, dancing. " * 9, "Living well"),
]


@pytest.fixture(scope="module")
def tokenizer() -> object:
    from tokenizers import Tokenizer

    return Tokenizer.from_file(str(current_model() / TOKENIZER))


def test_windows_hold_every_token_of_a_long_text(tokenizer: object) -> None:
    text = Text(" ".join(f"word{i}" for i in range(900)), "A heading " * 60)
    found = windows(tokenizer, text)
    assert len(found) > 3
    assert all(len(window) <= MAX_TOKENS for window in found)
    body = tokenizer.encode(text.text, add_special_tokens=False).ids  # type: ignore[attr-defined]
    held = [token for window in found for token in window]
    assert set(body) <= set(held)
    assert found[-1][-20:-1] == body[-19:]


def test_a_passage_of_150_words_is_one_window(tokenizer: object) -> None:
    text = " ".join(["reablement services help people regain independence after hospital"] * 19)[:1100]
    assert len(windows(tokenizer, Text(text, "Heading"))) == 1


def test_batches_hold_every_window_once_and_keep_to_their_size() -> None:
    lengths = [5, 300, 17, 17, 250, 1, 90, 90, 90] * 7
    found = list(batches(lengths, 512))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[i] for i in batch) <= 512 for batch in found)


def test_a_result_does_not_depend_on_what_shares_the_batch(model: Artefact) -> None:
    together = model.passages.logits(TEXTS)
    alone = np.concatenate([model.passages.logits([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_the_same_text_gives_the_same_result(model: Artefact) -> None:
    np.testing.assert_array_equal(model.passages.logits(TEXTS), model.passages.logits(TEXTS))


def test_no_text_gives_no_rows(model: Artefact) -> None:
    assert len(model.passages.logits([])) == 0


def test_plain_cases_are_told_apart(model: Artefact) -> None:
    table = model.heads.scaling.probabilities(model.passages.logits(TEXTS[:3]))
    p = [dict(zip(model.heads.labels, row, strict=True)) for row in table]
    assert p[0]["secondary"] > 0.5 > p[0]["integration"]
    assert p[1]["tertiary"] > 0.5
    assert max(p[2].values()) < 0.3


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("we fund family hubs \\(https://www.gov.example/family-hubs/\\) and more", "we fund family hubs and more"),
        ("hubs (https://www.gov.example/col ections/family-hubs-and) and more", "hubs and more"),
        ("read https://www.gov.example/a/b?c=1 or www.example.org first", "read or first"),
        ("falls service (step-down) at home", "falls service (step-down) at home"),
    ],
)
def test_links_are_not_read(text: str, left: str) -> None:
    assert " ".join(Text(text, "A heading").unlinked.text.split()) == left
    assert Text(text, "A heading").unlinked.heading == "A heading"


def test_no_text_makes_the_search_for_links_slow() -> None:
    began = time.monotonic()
    for hostile in ("(https://" * 20_000, "(https://a" + " x-" * 50_000, "(https://" + "-" * 200_000):
        _ = Text(hostile).unlinked
    assert time.monotonic() - began < 5


def test_a_passage_reads_the_same_with_and_without_its_link(model: Artefact) -> None:
    plain, linked = model.passages.logits([
        Text("Reablement for six weeks after a stay in hospital."),
        Text("Reablement \\(https://www.example.org/children-young-people/prevention/\\) for six weeks after a stay in hospital."),
    ])  # fmt: skip
    assert np.array_equal(plain, linked)
