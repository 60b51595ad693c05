"""One document's trip from pages to a prediction, in three stages: cut into passages, weighed by the passage model, judged by the heads.

Each stage needs only what the one before has left, so that what is kept of it need not be made again when a later one changes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from classifier.artefact import Artefact, Heads
from classifier.codebook import TIER_STATES, TIERS, Codebook, Criterion, Tier
from classifier.criteria import answer_criteria
from classifier.document import Document, Passage
from classifier.encoder import PassageModel, Progress, Text
from classifier.evidence import mention_evidence, passage_evidence
from classifier.features import strength_features, tier_features
from classifier.items import count_services
from classifier.passages import find_lines_beside, find_passages
from classifier.prediction import (
    CriterionPrediction,
    Evidence,
    Prediction,
    ScoredDocument,
    Strength,
    TierPrediction,
)
from classifier.strength import judge_strength, rounded

Array = NDArray[np.float64]

# Below this nobody could label a document; a press release has more.
MIN_WORDS = 150
_MAX_UNREAD_SHARE = 0.5
_TIER_EVIDENCE, _CRITERION_EVIDENCE = 6, 5
_NOT_ENOUGH = "not enough readable text"
_ENGLISH = re.compile(r"\b(?:the|and|of|to|in|for|is|are|with|will|that|we|on|by|our)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scoring:
    """A prediction with all that it was made from: the passages, and their probabilities per label, each of shape (passages,).

    There are no probabilities where there was not enough readable text.
    """

    prediction: Prediction
    passages: Sequence[Passage]
    probabilities: dict[str, Array]


@dataclass(frozen=True, slots=True)
class Cut:
    """The first stage: a document's passages, how much of it could be read, and what a reader must know about that."""

    document: Document
    passages: Sequence[Passage]
    scored: ScoredDocument
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The second stage: each passage's probability per label, and the services it names per tier, each of shape (passages,)."""

    probabilities: dict[str, Array]
    services: dict[Tier, Array]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the heads say beside strength."""

    tiers: dict[Tier, TierPrediction]
    criteria: dict[str, CriterionPrediction]


def score_document(document: Document, model: Artefact, progress: Progress | None = None) -> Prediction:
    """Return the prediction for a document that has been read."""
    return score_passages(document, model, progress).prediction


def score_passages(document: Document, model: Artefact, progress: Progress | None = None) -> Scoring:
    """Return the prediction for a document that has been read, its passages and their probabilities."""
    cut = cut_document(document)
    if not cut.scored.enough_text:
        return Scoring(unanswered(cut.scored, model.id, model.codebook, cut.warnings), cut.passages, {})
    weighed = weigh_passages(cut.passages, model.passages, model.heads, progress)
    judged = judge_rest(cut, weighed, model.heads, model.codebook)

    def cite(index: int, adds: float, direction: Literal["for", "against"]) -> Evidence:
        return passage_evidence(document, cut.passages[index], adds, direction)

    features = strength_features(cut.passages, weighed.probabilities)
    prediction = Prediction(
        document=cut.scored,
        model=model.id,
        codebook_version=model.codebook.version,
        strength=judge_strength(features, model.heads.strength, model.heads.coverage, cite),
        tiers=judged.tiers,
        criteria=judged.criteria,
        warnings=cut.warnings,
    )
    return Scoring(prediction, cut.passages, weighed.probabilities)


def cut_document(document: Document) -> Cut:
    """Cut a document into passages, and say whether there is enough of it to be labelled."""
    passages = find_passages(document)
    warnings = _warnings(document)
    enough = not any(warning.startswith(_NOT_ENOUGH) for warning in warnings)
    if enough and not passages:
        enough, warnings = False, warnings or [f"{_NOT_ENOUGH}: no passage found"]
    scored = ScoredDocument(
        digest=document.digest, file=document.name, format=document.format, pages=len(document.pages),
        unread_pages=list(document.unread_pages), words=document.words, passages=len(passages), enough_text=enough,
    )  # fmt: skip
    return Cut(document, passages, scored, warnings)


def weigh_passages(
    passages: Sequence[Passage], model: PassageModel, heads: Heads, progress: Progress | None = None
) -> Weighed:
    """Ask the passage model about every passage, and about the items of the likeliest."""
    probabilities = _probabilities(passages, model, heads, progress)
    return Weighed(probabilities, count_services(passages, probabilities, model, heads.scaling, heads.labels))


def judge_rest(cut: Cut, weighed: Weighed, heads: Heads, codebook: Codebook) -> Judged:
    """Tell the tiers' states and answer the criteria: all that the heads say beside strength."""
    tiers = {
        tier: _tier(cut.document, cut.passages, tier, weighed.probabilities, weighed.services[tier], heads)
        for tier in TIERS
    }
    return Judged(tiers, _criteria(cut.document, cut.passages, weighed.probabilities, heads, codebook))


def passage_probabilities(
    passages: Sequence[Passage], model: Artefact, progress: Progress | None = None
) -> dict[str, Array]:
    """Return calibrated probabilities per label, each of shape (passages,)."""
    return _probabilities(passages, model.passages, model.heads, progress)


def _probabilities(
    passages: Sequence[Passage], model: PassageModel, heads: Heads, progress: Progress | None
) -> dict[str, Array]:
    texts = [Text(passage.text, passage.nearest_heading) for passage in passages]
    table = heads.scaling.probabilities(model.logits(texts, progress))
    return {label: table[:, column] for column, label in enumerate(heads.labels)}


def _warnings(document: Document) -> list[str]:
    """Say what a reader of the prediction must know about the reading; a first word of "not enough" means no labels."""
    warnings: list[str] = []
    unread = document.unread_pages
    words = [word for page in document.pages for word in page.text.split()]
    if unread:
        shown = ", ".join(map(str, unread[:20])) + (", …" if len(unread) > 20 else "")
        warnings.append(f"pages not read: {shown} (no text in them, and no text recognition at hand, or damaged)")
    hiding = [page.number for page in document.pages if page.hidden]
    if hiding:
        shown = ", ".join(map(str, hiding[:20])) + (", …" if len(hiding) > 20 else "")
        warnings.append(
            f"pages with text that nobody sees: {shown} (unpainted, tiny, outside the page, or white on white); look at them"
        )
    if len(words) < MIN_WORDS:
        warnings.insert(0, f"{_NOT_ENOUGH}: {len(words)} words, fewer than {MIN_WORDS}")
    elif len(unread) > _MAX_UNREAD_SHARE * len(document.pages):
        warnings.insert(0, f"{_NOT_ENOUGH}: {len(unread)} of {len(document.pages)} pages could not be read")
    elif len(_ENGLISH.findall(" ".join(words))) < 0.08 * len(words):
        warnings.insert(0, f"{_NOT_ENOUGH}: it does not look like English prose")
    return warnings


def unanswered(scored: ScoredDocument, model_id: str, codebook: Codebook, warnings: list[str]) -> Prediction:
    """Return the prediction for a document of which too little could be read: it says nothing, and why."""
    nothing = TierPrediction(state="not_enough_text", probability=0.0, probabilities={}, evidence=[])
    return Prediction(
        document=scored,
        model=model_id,
        codebook_version=codebook.version,
        strength=Strength(label=None, probabilities={}, set=[], score=None, contributions=[], evidence=[]),
        tiers=dict.fromkeys(TIERS, nothing),
        criteria={c.key: CriterionPrediction(value=None, evidence=[]) for c in scored_criteria(codebook)},
        warnings=warnings,
    )


def scored_criteria(codebook: Codebook) -> tuple[Criterion, ...]:
    """Return the criteria of parts A3 to A6, which are answered by rule and by passage."""
    return codebook.part("A3", "A4", "A5", "A6")


def _tier(
    document: Document,
    passages: Sequence[Passage],
    tier: Tier,
    probabilities: dict[str, Array],
    services: Array,
    heads: Heads,
) -> TierPrediction:
    head = heads.tiers[tier]
    found = head.probabilities(head.score(tier_features(passages, tier, probabilities, services).values))
    state = TIER_STATES[int(np.argmax(found))]
    p = probabilities[tier]
    threshold = heads.scaling.thresholds[heads.labels.index(tier)]
    order = np.argsort(-p, kind="stable")
    if state == "none":
        # The best passages considered, so that a reader can confirm the "no".
        evidence = [passage_evidence(document, passages[i], float(p[i]), "against") for i in order[:2]]
    else:
        sure = [i for i in order if p[i] >= threshold][:_TIER_EVIDENCE] or list(order[:1])
        evidence = [passage_evidence(document, passages[i], float(p[i])) for i in sure]
    return TierPrediction(
        state=state,
        probability=round(float(found.max()), 6),
        probabilities=dict(zip(TIER_STATES, rounded(found), strict=True)),
        evidence=evidence,
    )


def _criteria(
    document: Document, passages: Sequence[Passage], probabilities: dict[str, Array], heads: Heads, codebook: Codebook
) -> dict[str, CriterionPrediction]:
    answers = answer_criteria(passages, find_lines_beside(document, passages), probabilities, heads)
    return {
        criterion.key: CriterionPrediction(
            value=answers[criterion.key].value,
            evidence=[mention_evidence(document, m) for m in answers[criterion.key].mentions[:_CRITERION_EVIDENCE]],
        )
        for criterion in scored_criteria(codebook)
    }
