"""A prediction as plain lines, and as a row of a table."""

from __future__ import annotations

import csv
import io
import textwrap

from classifier.codebook import STRENGTHS, TIERS
from classifier.prediction import Evidence, Prediction
from classifier.report.words import (
    CRITERION_WORDS,
    STATE_WORDS,
    STRENGTH_SHORT,
    STRENGTH_WORDS,
    TIER_WORDS,
    plural,
    value_words,
)

_WIDTH = 100
_CRITERIA = tuple(CRITERION_WORDS)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "file", "digest", "format", "pages", "unread_pages", "words", "enough_text", "strength", *(f"p_{label}" for label in STRENGTHS), "set", "score",
    *(column for tier in TIERS for column in (tier, f"p_{tier}")), *_CRITERIA, "model", "codebook_version", "warnings",
)  # fmt: skip


def text_report(prediction: Prediction) -> str:
    """Return a prediction as lines for a terminal."""
    document, strength = prediction.document, prediction.strength
    lines = [
        f"{document.file}  ({plural(document.pages, 'page')}, {document.words} words, {plural(document.passages, 'passage')})"
    ]
    lines += [f"  ! {warning}" for warning in prediction.warnings]
    if strength.label is None:
        return "\n".join([*lines, "  no label: not enough readable text", ""]) + "\n"
    sure = (
        ""
        if len(strength.set) == 1
        else f"; not sure, may be {' or '.join(STRENGTH_SHORT[label] for label in strength.set)}: for a person to decide"
    )
    lines.append(
        f"  Strength of prevention: {STRENGTH_WORDS[strength.label]} ({strength.probabilities[strength.label]:.0%}{sure})"
    )
    lines.append(
        "    "
        + "  ".join(f"{STRENGTH_SHORT[label]} {strength.probabilities[label]:.0%}" for label in reversed(STRENGTHS))
    )
    for evidence in strength.evidence[:4]:
        lines += _quote(evidence, f"{evidence.direction} ({evidence.score:+.2f})")
    for tier, found in prediction.tiers.items():
        lines.append(f"  {TIER_WORDS[tier]}: {STATE_WORDS[found.state]} ({found.probability:.0%})")
        for evidence in found.evidence[:2] if found.state != "none" else ():
            lines += _quote(evidence, f"p {evidence.score:.2f}")
    lines.append("  Criteria:")
    for key, criterion in prediction.criteria.items():
        pages = sorted({evidence.page for evidence in criterion.evidence})
        place = f"  (p. {', '.join(map(str, pages))})" if pages else ""
        lines.append(f"    {CRITERION_WORDS[key]}: {value_words(criterion.value)}{place}")
    return "\n".join([*lines, f"  model {prediction.model}, codebook {prediction.codebook_version}", ""]) + "\n"


def _quote(evidence: Evidence, note: str) -> list[str]:
    words = textwrap.shorten(evidence.quote, 240, placeholder=" …")
    return textwrap.wrap(
        f"p. {evidence.page}, {note}: “{words}”", _WIDTH, initial_indent="    ", subsequent_indent="      "
    )


def _line(values: list[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(values)
    return buffer.getvalue()


CSV_HEADER = _line(list(COLUMNS))


def csv_row(prediction: Prediction) -> str:
    """Return a prediction as one line of CSV under `CSV_HEADER`."""
    row = row_values(prediction)
    return _line([row.get(column, "") for column in COLUMNS])


def row_values(prediction: Prediction) -> dict[str, object]:
    """Return a prediction's cells by column; those of `COLUMNS` that are not in it are empty."""
    document, strength = prediction.document, prediction.strength
    return {
        **document.model_dump(exclude={"passages", "unread_pages", "file"}),
        "file": neutral(document.file),
        "unread_pages": " ".join(map(str, document.unread_pages)),
        "strength": strength.label or "not_enough_text",
        **{f"p_{label}": strength.probabilities.get(label, "") for label in STRENGTHS},
        "set": " ".join(strength.set),
        "score": "" if strength.score is None else round(strength.score, 4),
        **{tier: found.state for tier, found in prediction.tiers.items()},
        **{f"p_{tier}": found.probability for tier, found in prediction.tiers.items()},
        **{key: value_words(found.value).replace(" ", "_") for key, found in prediction.criteria.items()},
        "model": prediction.model,
        "codebook_version": prediction.codebook_version,
        "warnings": "; ".join(prediction.warnings),
    }


def neutral(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
