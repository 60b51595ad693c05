"""Fit the lexicon: TF-IDF and one logistic regression per label, by scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.lexicon import Lexicon, terms_of
from training.data import LabelledPassage

# Chosen on the calibration split (DECISIONS.md): how lightly weights are held, and how much the lexicon weighs beside the encoder.
_INVERSE_RIDGE = 10.0
_SHARE = 1.0


def fit_lexicon(passages: Sequence[LabelledPassage], labels: Sequence[str]) -> Lexicon:
    """Return the lexicon of training passages; a term that stands in one passage only is left out."""
    vectors = TfidfVectorizer(analyzer=terms_of, min_df=2, sublinear_tf=True)
    table = vectors.fit_transform([passage.text for passage in passages])
    weights, offsets = [], []
    for label in labels:
        targets = np.array([label in passage.labels for passage in passages])
        if not 0 < targets.sum() < len(targets):
            weights.append(np.zeros(table.shape[1]))
            offsets.append(-4.0)
            continue
        fitted = LogisticRegression(C=_INVERSE_RIDGE, max_iter=500).fit(table, targets)
        weights.append(fitted.coef_[0])
        offsets.append(float(fitted.intercept_[0]))
    places = {term: int(place) for term, place in vectors.vocabulary_.items()}
    return Lexicon(
        places,
        vectors.idf_.astype(np.float32),
        # As they will be stored, so that a model scores alike before and after it is saved.
        np.stack(weights, axis=1).astype(np.float16).astype(np.float32),
        np.array(offsets, dtype=np.float32),
        _SHARE,
    )
