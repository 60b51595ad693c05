"""What tests share: the sample strategy, the model in use, a stub that stands for it, and where real documents lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from classifier.artefact import Artefact, Heads, load_artefact
from classifier.calibration import OrdinalModel, PlattScaling
from classifier.codebook import STRENGTHS, TIER_STATES, TIERS, Codebook, load_codebook
from classifier.encoder import Logits, Progress, Text
from classifier.features import STRENGTH_FEATURES, TIER_FEATURES

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "docs/sample/saltmarsh-strategy-2024.pdf"
REAL = ROOT.parent / "shared" / "real"

# Their fixtures take seconds to set up: each of these modules stays with one of the processes that `make test` runs.
_TOGETHER = {
    "api.http.test_models", "api.http.test_rates", "api.http.test_review", "api.pages.test_browser", "api.test_corpus_commands",
    "training.test_run",
}  # fmt: skip
# What takes a minute alone begins first, so that no process goes on long after the others.
_FIRST = ("training.", "test_docs", "classifier.test_score", "api.store.test_backup", "api.test_workers")

needs_real = pytest.mark.skipif(not (REAL / "passages.jsonl").is_file(), reason="the real documents are not here")


def _module(item: pytest.Item) -> str:
    name: str = getattr(item, "module").__name__  # noqa: B009
    return name.removeprefix("tests.")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests for several processes: the longest first, and those together that share what is dear."""
    items.sort(key=lambda item: not _module(item).startswith(_FIRST))
    for item in items:
        if _module(item) in _TOGETHER:
            item.add_marker(pytest.mark.xdist_group(_module(item)))


class KeywordModel:
    """A stand-in for the passage model: a label's logit is +4 where one of its words occurs, else -4. Deterministic."""

    words: ClassVar[dict[str, tuple[str, ...]]] = {
        "primary": ("playground", "universal", "healthy lifestyles"),
        "secondary": ("screening", "health check", "at risk"),
        "tertiary": ("reablement", "rehabilitation", "recovery"),
        "emphasis": ("prevention", "early intervention"),
        "awareness_only": ("leaflet", "campaign"),
        "integration": ("integrated", "pooled"),
        "loneliness": ("lonely", "loneliness"),
    }

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        rows = [
            [4.0 if any(w in t.text.lower() for w in words) else -4.0 for words in self.words.values()] for t in texts
        ]
        return np.array(rows, dtype=np.float32).reshape(len(texts), len(self.words))


def stub_heads() -> Heads:
    """Heads with plain weights: every feature that may raise a label weighs 1, the other -1."""
    strength = OrdinalModel(
        levels=list(STRENGTHS),
        features=list(STRENGTH_FEATURES),
        weights=[float(s) for s in STRENGTH_FEATURES.values()],
        cuts=[0.3, 1.0, 2.0, 3.5],
    )
    tier = OrdinalModel(
        levels=list(TIER_STATES), features=list(TIER_FEATURES), weights=[1.0, 1.0, 1.0, 0.0, 0.0], cuts=[0.5, 1.6]
    )
    n = len(KeywordModel.words)
    scaling = PlattScaling(slopes=[1.0] * n, offsets=[0.0] * n, thresholds=[0.5] * n)
    return Heads(
        labels=list(KeywordModel.words),
        scaling=scaling,
        strength=strength,
        tiers=dict.fromkeys(TIERS, tier),
        coverage=0.8,
        stated_coverage=0.9,
    )


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook(ROOT / "labelled_data/codebook.toml")


@pytest.fixture(scope="session")
def stub(codebook: Codebook) -> Artefact:
    """A model that needs no weights."""
    return Artefact("stub", codebook, stub_heads(), KeywordModel())


@pytest.fixture(scope="session")
def model() -> Artefact:
    """The released model."""
    return load_artefact()
