"""A comparison as lines for a terminal, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
import textwrap
from collections.abc import Iterator
from typing import Any

from classifier.codebook import STRENGTHS
from classifier.comparison.flips import JUMP, Comparison, Flip
from classifier.comparison.runs import Quote
from classifier.report.plain import neutral
from classifier.report.words import CRITERION_WORDS, FEATURE_WORDS, STRENGTH_SHORT, plural

COLUMNS = (
    "file",
    "digest",
    "old",
    "new",
    "steps",
    "confirmed",
    "review",
    "document_changed",
    "reasons",
    "lost",
    "gained",
)
_LABELS = (*STRENGTHS, "not_enough_text")
_SHOWN = 20


def text_lines(found: Comparison) -> Iterator[str]:
    """Yield the comparison line by line."""
    yield f"{plural(found.compared, 'document')} in both runs: {', '.join(found.old.models)} → {', '.join(found.new.models)}"
    yield f"{len(found.flips):,} flipped, {len(found.review):,} of them for a person to look at; people have confirmed {found.confirmed:,}, whose labels stay"
    yield from _matrix(found)
    if found.flips:
        yield ""
    ordered = [*found.review, *(flip for flip in found.flips if not flip.for_review)]
    for flip in ordered[:_SHOWN]:
        yield from _flip_lines(flip)
    if len(ordered) > _SHOWN:
        yield f"… and {len(ordered) - _SHOWN:,} more: --format csv and json name them all"
    yield from _criteria(found)
    for words, names in (("only before", found.only_old), ("only now", found.only_new)):
        if names:
            yield f"{plural(len(names), 'document')} {words}: {textwrap.shorten(', '.join(names), 300, placeholder=' …')}"
    yield from (f"note: {fault}" for fault in (*found.old.faults, *found.new.faults))


def _matrix(found: Comparison) -> Iterator[str]:
    shown = [
        i
        for i in reversed(range(len(_LABELS)))
        if i < len(STRENGTHS) or any(found.matrix[i]) or any(row[i] for row in found.matrix)
    ]
    yield "  old ↓ new →    " + "".join(f"{_short(i):>13}" for i in shown)
    for i in shown:
        yield f"  {_short(i):15}" + "".join(f"{found.matrix[i][j] or '·':>13}" for j in shown)


def _short(place: int) -> str:
    return STRENGTH_SHORT.get(_LABELS[place], "not read")


def _flip_lines(flip: Flip) -> Iterator[str]:
    mark = "!" if flip.for_review else " "
    why = "; the document itself is another" if flip.other_bytes else ""
    held = (
        f"; a person says {STRENGTH_SHORT.get(flip.confirmed, flip.confirmed)}, which stays" if flip.confirmed else ""
    )
    yield f"{mark} {flip.name}: {_label(flip.old.strength.label)} → {_label(flip.new.strength.label)}{why}{held}"
    for reason in flip.reasons:
        yield f"    {FEATURE_WORDS.get(reason.feature, reason.feature)}: {reason.before:+.2f} → {reason.now:+.2f}"
    for sign, quotes in (("−", flip.lost), ("+", flip.gained)):
        yield from (f"    {sign} {_quote(quote)}" for quote in quotes)


def _label(label: str | None) -> str:
    return STRENGTH_SHORT.get(label or "", "not enough text")


def _quote(quote: Quote) -> str:
    return f"p. {quote.page}, {quote.direction} ({quote.score:+.2f}): “{textwrap.shorten(quote.quote, 160, placeholder=' …')}”"


def _criteria(found: Comparison) -> Iterator[str]:
    if found.criteria:
        yield "\nTiers and criteria that changed"
    for key, counted in found.criteria.items():
        told = ", ".join(f"{a} → {b}: {n}" for (a, b), n in counted.most_common())
        yield f"  {CRITERION_WORDS.get(key, key).removeprefix('… ')}: {told}"


def csv_text(found: Comparison) -> str:
    """Return a row per flip, those for a person first; no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    for flip in (*found.review, *(flip for flip in found.flips if not flip.for_review)):
        row = _row(flip)
        row |= {
            "reasons": "; ".join(f"{r['feature']} {r['before']:+.2f} → {r['now']:+.2f}" for r in row["reasons"]),
            "lost": " | ".join(_quote(quote) for quote in flip.lost), "gained": " | ".join(_quote(quote) for quote in flip.gained),
            "review": "yes" if flip.for_review else "", "document_changed": "yes" if flip.other_bytes else "",
        }  # fmt: skip
        writer.writerow([neutral(cell) if isinstance(cell := row[column], str) else cell for column in COLUMNS])
    return buffer.getvalue()


def _row(flip: Flip) -> dict[str, Any]:
    return {
        "file": flip.name, "digest": flip.new.document.digest, "old": flip.old.strength.label or "not_enough_text",
        "new": flip.new.strength.label or "not_enough_text", "steps": flip.steps, "confirmed": flip.confirmed or "", "review": flip.for_review,
        "document_changed": flip.other_bytes,
        "reasons": [{"feature": r.feature, "before": round(r.before, 4), "now": round(r.now, 4)} for r in flip.reasons],
        "lost": [quote.model_dump() for quote in flip.lost], "gained": [quote.model_dump() for quote in flip.gained],
    }  # fmt: skip


def json_text(found: Comparison) -> str:
    """Return the whole comparison."""
    body = {
        "old": {"name": found.old.name, "models": found.old.models}, "new": {"name": found.new.name, "models": found.new.models},
        "compared": found.compared, "confirmed": found.confirmed, "labels": _LABELS, "matrix": found.matrix, "jump": JUMP,
        "flips": [_row(flip) for flip in found.flips], "review": [flip.new.document.digest for flip in found.review],
        "criteria": {key: [{"old": a, "new": b, "documents": n} for (a, b), n in counted.most_common()] for key, counted in found.criteria.items()},
        "only_old": found.only_old, "only_new": found.only_new, "faults": [*found.old.faults, *found.new.faults],
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"
