"""Scoring in stages whose results are kept: pages by document, logits by text and model, judgements by everything but the strength head.

A new strength head scores a document from what is kept of it alone; a new encoder needs its pages, but not its file.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from classifier.artefact import Parts
from classifier.cache import Cache, cache_key
from classifier.document import Document, Passage
from classifier.encoder import PassageModel
from classifier.extraction import pack, unpack
from classifier.features import Features, strength_features
from classifier.passages import EXTRACTION
from classifier.prediction import Evidence, ScoredDocument
from classifier.remembering import RememberingModel
from classifier.score import cut_document, judge_rest, unanswered, weigh_passages
from classifier.strength import judge_strength

Stage = Literal["reading", "cutting", "encoding", "judging", "strength"]
# What decides over judgements beside the model: a change in one of them makes every kept judgement useless.
_RULES = (
    "criteria.py", "evidence.py", "features.py", "items.py", "lexicon.py", "mention_rules.toml", "mentions.py", "passages.py", "score.py",
    "sections.py", "staged.py",
)  # fmt: skip
# Enough to tell probabilities apart; more would only fill the store.
_PLACES = 4


class StagedScorer:
    """Scores documents with one model, and keeps what each stage leaves in a cache that all models share."""

    def __init__(self, parts: Parts, kept: Cache, *, ocr: bool = True) -> None:
        self.parts, self._cache, self._ocr = parts, kept, ocr
        self._model: PassageModel | None = None
        heads = parts.heads.model_dump(mode="json", exclude={"strength", "coverage", "stated_coverage"})
        self._judging = cache_key([json.dumps(heads), parts.codebook.model_dump_json(), parts.passages_digest, rules_digest()])  # fmt: skip
        self.seconds: dict[Stage, float] = {}

    def score(self, digest: str, name: str, read: Callable[[], Document]) -> dict[str, Any]:
        """Return a document's basis with its prediction as plain JSON; `read` is called only where its pages are not kept."""
        self.seconds = {}
        key = cache_key([digest, EXTRACTION, self._ocr, self._judging])
        kept = self._cache.get("judgements", key)
        if kept is None:
            basis = self._basis(digest, name, read)
            kept = json.dumps(basis).encode("ascii")
            self._cache.put("judgements", key, kept)
        with self._timed("strength"):
            # Fresh or kept, a prediction is made from the same bytes.
            basis = json.loads(kept)
            return {**basis, "prediction": self._prediction(basis, name)}

    def _basis(self, digest: str, name: str, read: Callable[[], Document]) -> dict[str, Any]:
        """Return everything of a document that does not depend on the strength head."""
        document = self._document(digest, name, read)
        with self._timed("cutting"):
            cut = cut_document(document)
        basis: dict[str, Any] = {
            "document": cut.scored.model_dump(mode="json"),
            "warnings": cut.warnings,
            "passages": [passage_row(document, number, passage) for number, passage in enumerate(cut.passages)],
            "probabilities": {},
        }
        if not cut.scored.enough_text:
            return basis
        heads, codebook = self.parts.heads, self.parts.codebook
        key = cache_key([digest, EXTRACTION, self._ocr, self.parts.passages_digest])
        model = RememberingModel(self._fetch, self._cache.get("logits", key))
        with self._timed("encoding"):
            weighed = weigh_passages(cut.passages, model, heads)
            if model.asked:
                self._cache.put("logits", key, model.memory())
        with self._timed("judging"):
            judged = judge_rest(cut, weighed, heads, codebook)
            features = strength_features(cut.passages, weighed.probabilities)
        return basis | {
            "probabilities": {
                label: [round(float(p), _PLACES) for p in values] for label, values in weighed.probabilities.items()
            },
            "tiers": {tier: found.model_dump(mode="json") for tier, found in judged.tiers.items()},
            "criteria": {key: found.model_dump(mode="json") for key, found in judged.criteria.items()},
            "features": {
                "names": features.names, "values": features.values.tolist(),
                "shares": base64.b64encode(features.shares.astype("<f8").tobytes()).decode("ascii"),
            },
        }  # fmt: skip

    def _document(self, digest: str, name: str, read: Callable[[], Document]) -> Document:
        key = cache_key([digest, EXTRACTION, self._ocr])
        with self._timed("reading"):
            kept = self._cache.get("pages", key)
            if kept is not None:
                return unpack(kept, name)
            document = read()
            self._cache.put("pages", key, pack(document))
            return document

    def _prediction(self, basis: dict[str, Any], name: str) -> dict[str, Any]:
        scored = basis["document"] | {"file": name}
        if "features" not in basis:
            nothing = unanswered(
                ScoredDocument.model_validate(scored), self.parts.id, self.parts.codebook, basis["warnings"]
            )
            return nothing.model_dump(mode="json")
        heads = self.parts.heads
        strength = judge_strength(
            _features(basis["features"]), heads.strength, heads.coverage, _Citing(basis["passages"])
        )
        return {
            "document": scored, "model": self.parts.id, "codebook_version": self.parts.codebook.version,
            "strength": strength.model_dump(mode="json"), "tiers": basis["tiers"], "criteria": basis["criteria"],
            "warnings": basis["warnings"],
        }  # fmt: skip

    def _fetch(self) -> PassageModel:
        if self._model is None:
            self._model = self.parts.load_passages()
        return self._model

    @contextmanager
    def _timed(self, stage: Stage) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - begun


class _Citing:
    """Gives kept passages as evidence."""

    def __init__(self, passages: list[dict[str, Any]]) -> None:
        self._passages = passages

    def __call__(self, index: int, adds: float, direction: Literal["for", "against"]) -> Evidence:
        row = self._passages[index]
        return Evidence(
            quote=row["text"], page=row["page"], start=row["start"], end=row["end"], boxes=row["boxes"], score=round(adds, 6),
            passage=row["passage_id"], heading=" > ".join(row["headings"]), direction=direction,
        )  # fmt: skip


def passage_row(document: Document, number: int, passage: Passage) -> dict[str, Any]:
    """Return a passage with its place on the page as plain JSON."""
    page = document.page(passage.page)
    boxes = [box.as_list() for box in page.boxes_of(passage.start, passage.end)]
    return {
        "number": number, "passage_id": passage.id, "page": passage.page, "start": passage.start, "end": passage.end,
        "role": passage.role, "headings": list(passage.headings), "text": passage.text, "boxes": boxes,
        "hidden": [list(span) for span in page.hidden_in(passage.start, passage.end)],
    }  # fmt: skip


def _features(kept: dict[str, Any]) -> Features:
    shares = np.frombuffer(base64.b64decode(kept["shares"]), "<f8").reshape(len(kept["names"]), -1)
    return Features(tuple(kept["names"]), np.array(kept["values"]), shares)


@cache
def rules_digest() -> str:
    """Return the SHA-256 of the rules by which judgements are made."""
    whole = hashlib.sha256()
    for name in _RULES:
        whole.update(hashlib.sha256((Path(__file__).parent / name).read_bytes()).digest())
    return whole.hexdigest()
