"""The document itself with its evidence highlighted: a PDF that opens in any viewer."""

from __future__ import annotations

from pathlib import Path

from classifier.document import Box
from classifier.pdf import Highlight, annotate_pdf
from classifier.prediction import Evidence, Prediction
from classifier.report.words import CRITERION_WORDS, STRENGTH_WORDS, TIER_WORDS

# Chosen apart in lightness too, so that they can be told on a grey print.
COLOURS: dict[str, tuple[int, int, int]] = {
    "primary": (255, 214, 64), "secondary": (126, 200, 255), "tertiary": (232, 140, 220), "for": (120, 220, 130), "against": (255, 150, 110), "mention": (205, 205, 205),
}  # fmt: skip


def evidence_notes(prediction: Prediction) -> dict[tuple[int, int, int], tuple[Evidence, str, list[str]]]:
    """Return, per span (page, start, end), its evidence, the colour that leads and every note on it."""
    found: dict[tuple[int, int, int], tuple[Evidence, str, list[str]]] = {}

    def add(evidence: Evidence, colour: str, note: str) -> None:
        _, _, notes = found.setdefault((evidence.page, evidence.start, evidence.end), (evidence, colour, []))
        notes.append(note)

    for tier, tier_prediction in prediction.tiers.items():
        if tier_prediction.state != "none":
            for evidence in tier_prediction.evidence:
                add(evidence, tier, f"{TIER_WORDS[tier]} (p {evidence.score:.2f})")
    if prediction.strength.label is not None:
        for evidence in prediction.strength.evidence:
            add(
                evidence,
                evidence.direction,
                f"{evidence.direction} “{STRENGTH_WORDS[prediction.strength.label]}” ({evidence.score:+.2f})",
            )
    for key, criterion in prediction.criteria.items():
        for evidence in criterion.evidence:
            add(evidence, "mention", CRITERION_WORDS[key].replace("… ", "Prevention "))
    return found


def annotated_pdf(prediction: Prediction, path: Path) -> bytes:
    """Return the PDF's bytes with every piece of evidence highlighted and noted."""
    highlights = [
        Highlight(evidence.page, tuple(Box(*box) for box in evidence.boxes), COLOURS[colour], "\n".join(notes))
        for evidence, colour, notes in evidence_notes(prediction).values()
    ]
    return annotate_pdf(path.resolve(), path.name, highlights)
