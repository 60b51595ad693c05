"""Checks on the labelled data that fail a build: copies, templates, worn openings, words that give a label away."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from classifier.codebook import load_codebook
from classifier.encoder import Text
from training.data import DATA, LabelledPassage, load_passages, load_splits, load_strategies
from training.encoder import frozen_embeddings

_RUN = 8
_OPENING_WORDS = 3
_OPENING_SHARE = 0.01
_ALIKE, _SAME = 0.3, 0.95
_ROWS = 1000
_WORD = re.compile(r"[a-z0-9']+")


def word_runs(text: str, length: int = _RUN) -> set[str]:
    """Return every run of `length` words of a text, lower case and without punctuation."""
    words = _WORD.findall(text.lower())
    return {" ".join(words[i : i + length]) for i in range(len(words) - length + 1)}


def shared_runs(named: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a fault for every text (name, text) that shares a run of eight words with one before it."""
    owner: dict[str, str] = {}
    for name, text in named:
        runs = word_runs(text)
        if shared := sorted(run for run in runs if run in owner):
            yield f"{name} shares eight words with {owner[shared[0]]}: '{shared[0]}'; write it anew"
        for run in runs:
            owner.setdefault(run, name)


def copied_runs(named: Iterable[tuple[str, str]], others: Sequence[Path]) -> Iterator[str]:
    """Yield a fault for every text that shares a run of eight words with one of the files."""
    theirs: dict[str, str] = {}
    for path in others:
        for run in word_runs(re.sub(r"[*#_>|\\]+", " ", path.read_text(encoding="utf-8", errors="replace"))):
            theirs.setdefault(run, path.name)
    for name, text in named:
        if shared := sorted(run for run in word_runs(text) if run in theirs):
            yield f"{name} shares eight words with {theirs[shared[0]]}: '{shared[0]}'; write it anew"


def templates(passages: Iterable[LabelledPassage]) -> Iterator[str]:
    """Yield a fault for passages that are one sentence with other names and figures."""
    owner: dict[str, str] = {}
    for passage in passages:
        skeleton = re.sub(r"\d[\d,.%]*", "#", re.sub(r"\b[A-Z][\w'’-]*", "N", passage.text))
        skeleton = " ".join(skeleton.split())
        if first := owner.get(skeleton):
            yield f"{passage.id} has the mould of {first}; write it anew"
        owner.setdefault(skeleton, passage.id)


def near_copies(named: Sequence[tuple[str, str]], *, every_pair: bool = False) -> Iterator[str]:
    """Yield a fault for every two texts (name, text) whose embeddings have a cosine above 0.95: one thing said twice.

    Only texts that share words are embedded, pairs with a TF-IDF cosine of 0.3 at least; with `every_pair`, all are (minutes for ten thousand).
    """
    texts = [text for _, text in named]
    if every_pair:
        chosen = np.arange(len(texts))
    else:
        table = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
        alike = (table @ table.T).tocoo()
        chosen = np.unique(alike.row[(alike.data >= _ALIKE) & (alike.row != alike.col)])
    if not len(chosen):
        return
    vectors = frozen_embeddings("all-MiniLM-L6-v2", [Text(texts[i]) for i in chosen])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for start in range(0, len(chosen), _ROWS):
        cosines = vectors[start : start + _ROWS] @ vectors.T
        for a, b in np.argwhere(cosines > _SAME).tolist():
            if start + a < b:
                one, other = named[chosen[start + a]][0], named[chosen[b]][0]
                yield f"{other} says what {one} says (cosine {cosines[a, b]:.2f}); write it anew, or take it out"


def worn_openings(passages: Sequence[LabelledPassage]) -> Iterator[str]:
    """Yield a fault for each opening phrase that more than one passage in a hundred begins with."""
    openings = Counter(" ".join(_WORD.findall(p.text.lower())[:_OPENING_WORDS]) for p in passages)
    limit = max(3, _OPENING_SHARE * len(passages))
    for opening, count in openings.items():
        if count > limit:
            yield f"'{opening}' opens {count} of {len(passages)} passages, more than 1 in 100; vary them"


def telling_words(passages: Sequence[LabelledPassage], labels: Sequence[str]) -> Iterator[str]:
    """Yield a fault for each word that alone tells a label: nine in ten of its passages carry it, and half of the label's have it."""
    with_word: dict[str, set[int]] = defaultdict(set)
    for index, passage in enumerate(passages):
        for word in set(_WORD.findall(passage.text.lower())):
            with_word[word].add(index)
    for label in labels:
        carriers = {i for i, p in enumerate(passages) if label in p.labels}
        for word, found in with_word.items():
            both = len(found & carriers)
            if len(carriers) >= 20 and both > 0.5 * len(carriers) and both > 0.9 * len(found):
                yield f"'{word}' alone tells {label!r} ({both} of {len(found)} passages); write passages that break it"


def check_data(others: Sequence[Path], directory: Path = DATA, *, every_pair: bool = False) -> list[str]:
    """Return every fault of the labelled data; `others` are texts none of it may be copied from. For `every_pair` see `near_copies`."""
    codebook = load_codebook(directory / "codebook.toml")
    passages, strategies, splits = (
        load_passages(codebook, directory),
        load_strategies(directory),
        load_splits(directory),
    )
    texts = [(f"passage {p.id}", p.text) for p in passages]
    documents = [(row.file, (directory / "strategies" / row.file).read_text(encoding="utf-8")) for row in strategies]
    faults = [
        f"group {group} has no split; add it to splits.json"
        for group in sorted({p.group for p in passages} - splits.keys())
    ]
    faults += shared_runs(texts)
    faults += shared_runs(documents)
    faults += copied_runs([*texts, *documents], others)
    faults += templates(passages)
    faults += near_copies(texts, every_pair=every_pair)
    faults += worn_openings(passages)
    faults += telling_words(passages, codebook.labels)
    return faults
