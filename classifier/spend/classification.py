"""What each budget line is spent on: a person's correction first, then the readable rules, then the text model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from classifier.artefact import Artefact
from classifier.codebook import TIERS, Tier
from classifier.encoder import Text
from classifier.spend.corrections import Correction
from classifier.spend.lines import BudgetLine
from classifier.spend.rules import rule_for

Category = Literal["primary", "secondary", "tertiary", "reactive", "other", "unclear"]
CATEGORIES: tuple[Category, ...] = get_args(Category)
PREVENTATIVE: tuple[Category, ...] = ("primary", "secondary", "tertiary")
CATEGORY_WORDS = {
    "primary": "Primary prevention",
    "secondary": "Secondary prevention",
    "tertiary": "Tertiary prevention",
    "reactive": "Reactive",
    "other": "Neither: running costs and other services",
    "unclear": "Unclear: for a person to decide",
}
_TIER_REASONS = {
    "primary": "stops needs arising",
    "secondary": "finds or helps people at risk early",
    "tertiary": "limits needs that have arisen, or helps after a crisis",
}
# From here on the model speaks against a rule loudly enough to be heard by a person.
_CONTRADICTS = 0.9
Given = Literal["person", "rule", "model"]


@dataclass(frozen=True, slots=True)
class ClassifiedLine:
    """A line with its category, why, and who says so. `check` asks a person to look; `proposed` is what stood before a correction."""

    line: BudgetLine
    category: Category
    reason: str
    by: Given
    proposed: Category
    probabilities: Mapping[Tier, float]
    check: bool = False


def classify(
    lines: Sequence[BudgetLine], artefact: Artefact, corrections: Mapping[tuple[str, str], Correction]
) -> list[ClassifiedLine]:
    """Return every line with its category, in order."""
    if not lines:
        return []
    heads = artefact.heads
    texts = [Text(line.description, line.service) for line in lines]
    table = heads.scaling.probabilities(artefact.passages.logits(texts))
    thresholds = dict(zip(heads.labels, heads.scaling.thresholds, strict=True))
    found = []
    for line, row in zip(lines, table, strict=True):
        told = dict(zip(heads.labels, map(float, row), strict=True))
        proposal = _proposed(
            line, {tier: round(told[tier], 4) for tier in TIERS}, {tier: thresholds[tier] for tier in TIERS}
        )
        found.append(_corrected(proposal, corrections.get(line.key)))
    return found


def _corrected(proposal: ClassifiedLine, correction: Correction | None) -> ClassifiedLine:
    if correction is None:
        return proposal
    why = f": {correction.why}" if correction.why else ""
    reason = f"{correction.by or 'a person'} decided{f' on {correction.on}' if correction.on else ''}{why}"
    return ClassifiedLine(
        proposal.line, correction.category, reason, "person", proposal.category, proposal.probabilities
    )


def _proposed(line: BudgetLine, told: dict[Tier, float], thresholds: Mapping[Tier, float]) -> ClassifiedLine:
    best = max(TIERS, key=lambda tier: told[tier])
    if (hit := rule_for(line.description)) is not None:
        reason = f"{hit.rule.name}: “{hit.words}” {hit.rule.reason}"
        check = told[best] >= _CONTRADICTS
        if check:
            reason += f"; but the model reads {best} in it ({told[best]:.2f})"
        return ClassifiedLine(line, hit.rule.category, reason, "rule", hit.rule.category, told, check)
    reached = sorted((tier for tier in TIERS if told[tier] >= thresholds[tier]), key=lambda tier: -told[tier])
    if not reached:
        reason = f"no rule names it, and the model reads no prevention in it (nearest {best}, {told[best]:.2f})"
        return ClassifiedLine(line, "unclear", reason, "model", "unclear", told, check=True)
    first, *others = reached
    also = f"; also {', '.join(f'{tier} ({told[tier]:.2f})' for tier in others)}" if others else ""
    close = bool(others) and told[first] - told[others[0]] < 0.1
    return ClassifiedLine(line, first, f"{_TIER_REASONS[first]} ({told[first]:.2f}){also}", "model", first, told, close)
