"""A comparison of two runs as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from api.corpus.comparison import STATES, Comparison, Flip

_QUOTE = 100


def comparison_text(found: Comparison) -> str:
    """Return a comparison to be read on a terminal."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Comparison) -> Iterator[str]:
    yield f"before  {found.before['run']}  {found.before['model']}"
    yield f"after   {found.after['run']}  {found.after['model']}"
    beside = f"; {found.only_before} only before, {found.only_after} only after" if found.only_before or found.only_after else ""  # fmt: skip
    yield f"{found.documents} documents in both{beside}"
    yield ""
    yield from _matrix(found.transitions)
    yield ""
    review = sum(flip.review for flip in found.flips)
    yield f"{len(found.flips)} flipped, {review} of them for review; {found.same_strength_other_evidence} keep their strength on other evidence"
    if found.confirmed:
        yield f"people confirmed {found.confirmed}: {found.confirmed_agree_before} agreed before, {found.confirmed_agree_after} agree now; their labels stand"
    for flip in found.flips:
        yield ""
        yield from _flip(flip)


def _matrix(transitions: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    shown = [state for state in STATES if sum(transitions[state].values()) or any(row[state] for row in transitions.values())]  # fmt: skip
    width = max(map(len, STATES)) + 2
    yield "before \\ after".ljust(width) + "".join(state.rjust(width) for state in shown)
    for old in shown:
        yield old.ljust(width) + "".join(str(transitions[old][new] or ".").rjust(width) for new in shown)


def _flip(flip: Flip) -> Iterator[str]:
    about = " ".join(str(part) for part in (flip.authority, flip.kind, flip.year) if part is not None)
    steps = f"  {flip.steps:+d}" if flip.steps is not None else ""
    review = f"  REVIEW: {flip.reason}" if flip.review else ""
    yield f"{flip.document_id}  {flip.name}{f' ({about})' if about else ''}: {flip.before} -> {flip.after}{steps}{review}"
    if flip.confirmed is not None:
        yield f"    confirmed {flip.confirmed.strength} by {flip.confirmed.annotator}: this stands"
    for sign, evidence in (("-", flip.evidence_gone), ("+", flip.evidence_new)):
        for row in evidence:
            yield f"    {sign} {_quoted(row)}"


def _quoted(row: Mapping[str, Any]) -> str:
    quote = " ".join(row["quote"].split())
    short = quote if len(quote) <= _QUOTE else quote[: _QUOTE - 1] + "…"
    return f'page {row["page"]}, {row["direction"]} ({row["score"]:+.2f}): "{short}"'
