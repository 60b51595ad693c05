"""The lexicon against scikit-learn, which fitted it, and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.encoder import Logits, Progress, Text
from classifier.errors import ModelError
from classifier.lexicon import BlendedModel, load_lexicon
from training.data import LabelledPassage
from training.lexicon import fit_lexicon

TEXTS = [
    "Reablement at home, reablement for six weeks after hospital.",
    "Walking groups and reablement for everybody in the town.",
    "The board met and the minutes of the board were agreed.",
    "Minutes of the walking group were agreed by the board at home.",
] * 3
PASSAGES = [
    LabelledPassage(
        id=str(i), group="g", origin="invented", text=text, labels=["tertiary"] if "ablement" in text else []
    )
    for i, text in enumerate(TEXTS)
]


def test_it_says_what_scikit_learn_says() -> None:
    lexicon = fit_lexicon(PASSAGES, ["tertiary"])
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    fitted = LogisticRegression(C=10.0, max_iter=500).fit(
        vectors.fit_transform(TEXTS), ["ablement" in t for t in TEXTS]
    )
    asked = [*TEXTS, "", "words never seen", "Reablement Reablement reablement: at-home"]
    np.testing.assert_allclose(
        lexicon.logits(asked)[:, 0], fitted.decision_function(vectors.transform(asked)), atol=2e-3
    )


def test_a_label_that_is_never_given_is_never_said() -> None:
    assert (fit_lexicon(PASSAGES, ["tertiary", "loneliness"]).logits(TEXTS)[:, 1] == -4).all()


def test_it_is_the_same_from_a_file(tmp_path: Path) -> None:
    lexicon = fit_lexicon(PASSAGES, ["tertiary"])
    lexicon.save(tmp_path / "lexicon.npz")
    again = load_lexicon(tmp_path / "lexicon.npz")
    assert again.places == lexicon.places
    np.testing.assert_array_equal(again.logits(TEXTS), lexicon.logits(TEXTS))


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "lexicon.npz").write_bytes(b"PK no arrays")
    with pytest.raises(ModelError, match="not a lexicon"):
        load_lexicon(tmp_path / "lexicon.npz")


def test_it_joins_the_encoder_by_its_share() -> None:
    class Flat:
        def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
            return np.full((len(texts), 1), 2.0, dtype=np.float32)

    lexicon = fit_lexicon(PASSAGES, ["tertiary"])
    blended = BlendedModel(Flat(), lexicon).logits([Text(text, "Reablement") for text in TEXTS])
    np.testing.assert_allclose(blended, 2.0 + lexicon.share * lexicon.logits(TEXTS), atol=1e-6)
