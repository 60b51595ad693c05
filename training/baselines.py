"""Two plain methods on the same data: what a fine-tuned model has to beat."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from classifier.encoder import Text
from training.data import GoldPassage, LabelledPassage
from training.encoder import frozen_embeddings

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """A baseline's probabilities of shape (passages, labels)."""

    name: str
    probabilities: Array


def _joined(text: Text) -> str:
    return f"{text.heading}. {text.text}" if text.heading else text.text


def _fit_predict(train: object, targets: NDArray[np.int64], asked: object, strength: float) -> Array:
    columns = []
    for column in range(targets.shape[1]):
        model = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")
        columns.append(model.fit(train, targets[:, column]).predict_proba(asked)[:, 1])
    return np.stack(columns, axis=1)


def run_baselines(
    train: Sequence[LabelledPassage],
    asked: Sequence[GoldPassage],
    labels: Sequence[str],
    encoder: str,
    report: Callable[[str], None],
) -> list[BaselineResult]:
    """Train TF-IDF with logistic regression, and logistic regression on the frozen encoder, and return what each says of the asked."""
    targets = np.array([[int(label in p.labels) for label in labels] for p in train])
    report("baseline: TF-IDF and logistic regression")
    vectors = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    known = vectors.fit_transform([_joined(p.asked) for p in train])
    first = _fit_predict(known, targets, vectors.transform([_joined(p.asked) for p in asked]), 10.0)
    report("baseline: frozen encoder and logistic regression")
    known_embeddings = frozen_embeddings(encoder, [p.asked for p in train])
    second = _fit_predict(known_embeddings, targets, frozen_embeddings(encoder, [p.asked for p in asked]), 1.0)
    return [
        BaselineResult("TF-IDF + logistic regression", first),
        BaselineResult("frozen encoder + logistic regression", second),
    ]
