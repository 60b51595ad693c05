"""The counts in the datasheet of the labelled data, written by the machine that counts them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from statistics import median

from classifier.codebook import STRENGTHS, TIERS, Codebook
from training.agreement import (
    agreement,
    first_readings,
    first_strategies,
    load_second_readings,
    load_second_strategies,
    strategy_agreement,
)
from training.data import DATA, LabelledPassage, LabelledStrategy, load_passages, load_splits, load_strategies

_MARKED = re.compile(r"(?<=<!-- counts -->\n).*(?=<!-- end of counts -->)", re.DOTALL)


def write_counts(codebook: Codebook, directory: Path = DATA) -> Path:
    """Count the data anew and write the figures between the datasheet's marks; return the datasheet."""
    path = directory / "README.md"
    passages, strategies = load_passages(codebook, directory), load_strategies(directory)
    parts = [
        _passages(passages, codebook, directory),
        _readers(passages, codebook, directory),
        _strategies(strategies, directory),
    ]
    counts = "\n".join(parts)
    path.write_text(_MARKED.sub(lambda _: counts, path.read_text(encoding="utf-8")), encoding="utf-8")
    return path


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(map(str, row))} |" for row in rows)]
    return "\n".join(lines) + "\n"


def _passages(passages: Sequence[LabelledPassage], codebook: Codebook, directory: Path) -> str:
    splits = load_splits(directory)
    words = [len(passage.text.split()) for passage in passages]
    origins = sorted({p.origin for p in passages})

    def row(name: str, chosen: Sequence[LabelledPassage]) -> list[object]:
        return [name, *(sum(p.origin == origin for p in chosen) for origin in origins), len(chosen)]

    labels = [row(f"`{label}`", [p for p in passages if label in p.labels]) for label in codebook.labels]
    labels += [row("none", [p for p in passages if not p.labels]), row("**all**", passages)]
    tiers = [
        row(f"{a} and {b}", [p for p in passages if a in p.labels and b in p.labels]) for a, b in combinations(TIERS, 2)
    ]
    kinds = Counter(p.kind or "not told" for p in passages)
    years = Counter(
        f"{p.year // 4 * 4} to {p.year // 4 * 4 + 3}" if p.year and p.year >= 2012 else "before 2012 or not told"
        for p in passages
    )
    parts = Counter(splits[p.group] for p in passages)
    return "\n".join(
        [
            f"{len(passages):,} labelled passages of {len({p.group for p in passages})} groups, {min(words)} to {max(words)} words (median {median(words):.0f}).\n",
            _table(["label", *(origin.replace("_", " ") for origin in origins), "all"], [*labels, *tiers]),
            _table(["split", "passages"], sorted(parts.items())),
            _table(["kind of document", "passages"], kinds.most_common()),
            _table(["years", "passages"], sorted(years.items())),
        ]
    )


def _readers(passages: Sequence[LabelledPassage], codebook: Codebook, directory: Path) -> str:
    second = load_second_readings(directory)
    rows = agreement(first_readings(passages, directory), second, codebook)
    table = _table(
        ["label", "first reader", "second reader", "Cohen's kappa (95 % interval)", "F1"],
        [(f"`{row.label}`", row.first, row.second, row.kappa, f"{row.f1:.2f}") for row in rows],
    )
    return f"{sum(p.id in second for p in passages):,} passages were labelled again by a second reader who had not seen the first labels.\n\n{table}"


def _strategies(strategies: Sequence[LabelledStrategy], directory: Path) -> str:
    words = [len((directory / "strategies" / row.file).read_text(encoding="utf-8").split()) for row in strategies]
    strengths = Counter(row.strength for row in strategies)
    kinds = Counter(row.kind for row in strategies)
    readers = strategy_agreement(first_strategies(strategies, directory), load_second_strategies(directory))
    second = readers.strength
    tiers = ", ".join(f"{tier.key} {tier.f1.value:.2f}" for tier in readers.tiers)
    return "\n".join(
        [
            f"{len(strategies)} whole invented strategies, {min(words)} to {max(words)} words (median {median(words):.0f}).\n",
            _table(["strength", "strategies"], [(f"`{label}`", strengths[label]) for label in reversed(STRENGTHS)]),
            _table(["kind", "strategies"], kinds.most_common()),
            f"{second.documents} of them were labelled again by a second reader who had not seen the first labels: strength agrees exactly in "
            f"{second.exact:.0%}, within one step in {second.within_one:.0%}; quadratic weighted kappa {second.quadratic_kappa}; tier states, macro-F1: {tiers}.\n",
        ]
    )
