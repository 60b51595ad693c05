"""Every pair of labelled passages compared by embedding, where the build compares only those that share words. Run by `make drill`."""

from __future__ import annotations

import pytest

from classifier.codebook import Codebook
from training.checks import near_copies
from training.data import load_passages

pytestmark = [pytest.mark.drill, pytest.mark.timeout(1800)]


def test_no_two_passages_say_one_thing(codebook: Codebook) -> None:
    assert not list(near_copies([(p.id, p.text) for p in load_passages(codebook)], every_pair=True))
