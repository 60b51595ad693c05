"""One document's trip from pages to a prediction: the only place that knows every part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.artefact import Artefact, Heads
from classifier.calibration import OrdinalModel, adjacent_set
from classifier.codebook import STRENGTHS, TIER_STATES, TIERS, Codebook, Criterion, Tier
from classifier.criteria import answer_criteria
from classifier.document import Document, Passage
from classifier.encoder import Progress, Text
from classifier.evidence import mention_evidence, passage_evidence
from classifier.features import Features, strength_features, tier_features
from classifier.items import count_services
from classifier.passages import find_lines_beside, find_passages
from classifier.prediction import (
    Contribution,
    CriterionPrediction,
    Evidence,
    Prediction,
    ScoredDocument,
    Strength,
    TierPrediction,
)

Array = NDArray[np.float64]

# Below this nobody could label a document; a press release has more.
MIN_WORDS = 150
_MAX_UNREAD_SHARE = 0.5
_EVIDENCE_FOR, _EVIDENCE_AGAINST, _TIER_EVIDENCE, _CRITERION_EVIDENCE = 8, 4, 6, 5
# What a passage adds to the score, below which it is not worth showing.
_NOTHING = 0.005
_ENGLISH = re.compile(r"\b(?:the|and|of|to|in|for|is|are|with|will|that|we|on|by|our)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scoring:
    """A prediction with all that it was made from: the passages, and their probabilities per label, each of shape (passages,).

    There are no probabilities where there was not enough readable text.
    """

    prediction: Prediction
    passages: Sequence[Passage]
    probabilities: dict[str, Array]


def score_document(document: Document, model: Artefact, progress: Progress | None = None) -> Prediction:
    """Return the prediction for a document that has been read."""
    return score_passages(document, model, progress).prediction


def score_passages(document: Document, model: Artefact, progress: Progress | None = None) -> Scoring:
    """Return the prediction for a document that has been read, its passages and their probabilities."""
    passages = find_passages(document)
    warnings = _warnings(document)
    enough = not any(warning.startswith("not enough readable text") for warning in warnings)
    scored = ScoredDocument(
        digest=document.digest, file=document.name, format=document.format, pages=len(document.pages),
        unread_pages=list(document.unread_pages), words=document.words, passages=len(passages), enough_text=enough,
    )  # fmt: skip
    if not enough or not passages:
        unanswered = _unanswered(
            scored.model_copy(update={"enough_text": False}),
            model,
            warnings or ["not enough readable text: no passage found"],
        )
        return Scoring(unanswered, passages, {})
    probabilities = passage_probabilities(passages, model, progress)
    services = count_services(passages, probabilities, model.passages, model.heads.scaling, model.heads.labels)
    prediction = Prediction(
        document=scored,
        model=model.id,
        codebook_version=model.codebook.version,
        strength=_strength(document, passages, probabilities, model.heads),
        tiers={tier: _tier(document, passages, tier, probabilities, services[tier], model.heads) for tier in TIERS},
        criteria=_criteria(document, passages, probabilities, model),
        warnings=warnings,
    )
    return Scoring(prediction, passages, probabilities)


def passage_probabilities(
    passages: Sequence[Passage], model: Artefact, progress: Progress | None = None
) -> dict[str, Array]:
    """Return calibrated probabilities per label, each of shape (passages,)."""
    texts = [Text(passage.text, passage.nearest_heading) for passage in passages]
    table = model.heads.scaling.probabilities(model.passages.logits(texts, progress))
    return {label: table[:, column] for column, label in enumerate(model.heads.labels)}


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
        warnings.insert(0, f"not enough readable text: {len(words)} words, fewer than {MIN_WORDS}")
    elif len(unread) > _MAX_UNREAD_SHARE * len(document.pages):
        warnings.insert(0, f"not enough readable text: {len(unread)} of {len(document.pages)} pages could not be read")
    elif len(_ENGLISH.findall(" ".join(words))) < 0.08 * len(words):
        warnings.insert(0, "not enough readable text: it does not look like English prose")
    return warnings


def _unanswered(scored: ScoredDocument, model: Artefact, warnings: list[str]) -> Prediction:
    nothing = TierPrediction(state="not_enough_text", probability=0.0, probabilities={}, evidence=[])
    return Prediction(
        document=scored,
        model=model.id,
        codebook_version=model.codebook.version,
        strength=Strength(label=None, probabilities={}, set=[], score=None, contributions=[], evidence=[]),
        tiers=dict.fromkeys(TIERS, nothing),
        criteria={c.key: CriterionPrediction(value=None, evidence=[]) for c in scored_criteria(model.codebook)},
        warnings=warnings,
    )


def scored_criteria(codebook: Codebook) -> tuple[Criterion, ...]:
    """Return the criteria of parts A3 to A6, which are answered by rule and by passage."""
    return codebook.part("A3", "A4", "A5", "A6")


def _strength(
    document: Document, passages: Sequence[Passage], probabilities: dict[str, Array], heads: Heads
) -> Strength:
    head = heads.strength
    features = strength_features(passages, probabilities)
    score = head.score(features.values)
    found = head.probabilities(score)
    label = STRENGTHS[int(np.argmax(found))]
    first, last = adjacent_set(found.tolist(), heads.coverage)
    contributions = [
        Contribution(feature=name, value=value, weight=weight, contribution=value * weight)
        for name, value, weight in zip(features.names, features.values.tolist(), head.weights, strict=True)
    ]
    return Strength(
        label=label,
        probabilities=dict(zip(STRENGTHS, _rounded(found), strict=True)),
        set=list(STRENGTHS[first : last + 1]),
        score=score,
        contributions=contributions,
        evidence=_strength_evidence(document, passages, passage_contributions(features, head), label),
    )


def passage_contributions(features: Features, head: OrdinalModel) -> Array:
    """Return what each passage adds to the strength score, shape (passages,); they add up to the score."""
    return np.asarray(np.array(head.weights) @ features.shares)


def cited_passages(adds: Array, label: str) -> tuple[list[int], list[int]]:
    """Return the passages that weigh most for and against a strength label, by index.

    What raises the score speaks for a strong label, against a weak one.
    """
    towards = adds if label not in ("weak", "very_weak") else -adds
    order = np.argsort(-np.abs(adds), kind="stable").tolist()
    speaking_for = [i for i in order if towards[i] > _NOTHING][:_EVIDENCE_FOR]
    return speaking_for, [i for i in order if towards[i] < -_NOTHING][:_EVIDENCE_AGAINST]


def _strength_evidence(document: Document, passages: Sequence[Passage], adds: Array, label: str) -> list[Evidence]:
    speaking_for, speaking_against = cited_passages(adds, label)
    found = [passage_evidence(document, passages[i], float(adds[i]), "for") for i in speaking_for]
    return found + [passage_evidence(document, passages[i], float(adds[i]), "against") for i in speaking_against]


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
        probabilities=dict(zip(TIER_STATES, _rounded(found), strict=True)),
        evidence=evidence,
    )


def _criteria(
    document: Document, passages: Sequence[Passage], probabilities: dict[str, Array], model: Artefact
) -> dict[str, CriterionPrediction]:
    answers = answer_criteria(passages, find_lines_beside(document, passages), probabilities, model.heads)
    return {
        criterion.key: CriterionPrediction(
            value=answers[criterion.key].value,
            evidence=[mention_evidence(document, m) for m in answers[criterion.key].mentions[:_CRITERION_EVIDENCE]],
        )
        for criterion in scored_criteria(model.codebook)
    }


def _rounded(probabilities: Array) -> list[float]:
    """Round probabilities to six places so that they still add up to 1."""
    rounded = [round(float(p), 6) for p in probabilities]
    top = int(np.argmax(probabilities))
    rounded[top] = round(rounded[top] + 1.0 - sum(rounded), 6)
    return rounded
