"""A linear model over words and pairs of words that stands beside the encoder: what a passage is called weighs with what it means."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.encoder import Logits, PassageModel, Progress, Text
from classifier.errors import ModelError

# The tokens of scikit-learn's TfidfVectorizer, which fits the weights: words of two letters or more, and pairs of neighbours.
_WORD = re.compile(r"\b\w\w+\b")


def terms_of(text: str) -> list[str]:
    """Return a text's words and pairs of neighbouring words, lower case."""
    words = _WORD.findall(text.lower())
    return words + [f"{a} {b}" for a, b in itertools.pairwise(words)]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Weights by term and label.

    `places` maps a term to its row; `rarity` has shape (terms,) and holds inverse document frequencies; `weights` has shape
    (terms, labels), `offsets` (labels,). `share` is what the lexicon's logits are multiplied by before they join the encoder's.
    """

    places: dict[str, int]
    rarity: NDArray[np.float32]
    weights: NDArray[np.float32]
    offsets: NDArray[np.float32]
    share: float

    def logits(self, texts: Sequence[str]) -> Logits:
        """Return logits of shape (texts, labels) from TF-IDF with sublinear counts and unit length."""
        rows = np.tile(self.offsets, (len(texts), 1))
        for row, text in enumerate(texts):
            counts = Counter(place for term in terms_of(text) if (place := self.places.get(term)) is not None)
            if counts:
                index = np.fromiter(counts, dtype=np.int64)
                values = self.rarity[index] * np.array([1.0 + math.log(count) for count in counts.values()])
                rows[row] += (values / np.linalg.norm(values)) @ self.weights[index]
        return rows.astype(np.float32)

    def save(self, path: Path) -> None:
        """Write the lexicon as arrays; terms as one UTF-8 text, weights in half precision."""
        terms = "\n".join(sorted(self.places, key=self.places.__getitem__)).encode()
        held = io.BytesIO()
        np.savez_compressed(
            held, terms=np.frombuffer(terms, dtype=np.uint8), rarity=self.rarity.astype(np.float32),
            weights=self.weights.astype(np.float16), offsets=self.offsets.astype(np.float32), share=np.float32(self.share),
        )  # fmt: skip
        path.write_bytes(held.getvalue())


def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon; raise `ModelError` where it is not one."""
    try:
        with np.load(path, allow_pickle=False) as held:
            terms = held["terms"].tobytes().decode().split("\n")
            found = Lexicon(
                {term: place for place, term in enumerate(terms)},
                held["rarity"],
                held["weights"].astype(np.float32),
                held["offsets"],
                float(held["share"]),
            )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: not a lexicon ({error}); train the model anew") from error
    if not len(terms) == len(found.rarity) == len(found.weights) or found.weights.shape[1:] != found.offsets.shape:
        raise ModelError(f"{path}: {len(terms)} terms, weights of shape {found.weights.shape}; train the model anew")
    return found


@dataclass(frozen=True, slots=True)
class BlendedModel:
    """An encoder and a lexicon as one passage model: their logits added up."""

    encoder: PassageModel
    lexicon: Lexicon

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        """Return logits of shape (passages, labels), both reading without links; the lexicon the passage alone, without its heading."""
        if not texts:
            return np.zeros((0, len(self.lexicon.offsets)), dtype=np.float32)
        texts = [text.unlinked for text in texts]
        meant = self.encoder.logits(texts, progress)
        called = self.lexicon.logits([text.text for text in texts])
        return np.asarray(meant + np.float32(self.lexicon.share) * called)
