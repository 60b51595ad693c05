"""How far people agree, criterion by criterion: everybody together, and each two who have read the same documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from classifier.agreement import Interval, PairAgreement, bootstrap, ordinal_alpha, pair_agreement
from classifier.codebook import Codebook, Criterion

_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What one person first said of one document, with nobody's word before him."""

    document_id: str
    person: str
    criteria: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people on one criterion: their figures, and the documents by the level each gave."""

    criterion: str
    first: str
    second: str
    figures: PairAgreement
    documents: Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class CriterionAgreement:
    """One criterion: alpha over everybody, where its levels are ordered or two, and each pair of people."""

    criterion: Criterion
    documents: int
    people: int
    alpha: Interval | None
    pairs: Sequence[Pair]


def agreement_of(
    readings: Sequence[Reading], codebook: Codebook, resamples: int = _RESAMPLES
) -> list[CriterionAgreement]:
    """Return the agreement on every criterion that two people at least have labelled in one document."""
    found = [_criterion(criterion, readings, resamples) for criterion in codebook.criteria]
    return [one for one in found if one.pairs]


def _criterion(criterion: Criterion, readings: Sequence[Reading], resamples: int) -> CriterionAgreement:
    given: dict[str, dict[str, int]] = defaultdict(dict)
    for reading in readings:
        level = reading.criteria.get(criterion.key)
        if level in criterion.levels:
            given[reading.person][reading.document_id] = criterion.levels.index(level)
    pairs = [
        pair
        for one, other in combinations(sorted(given), 2)
        if (pair := _pair(criterion, one, other, given, resamples)) is not None
    ]
    documents = sorted({d for said in given.values() for d in said})
    twice = [d for d in documents if sum(d in said for said in given.values()) > 1]
    return CriterionAgreement(criterion, len(twice), len(given), _alpha(criterion, given, twice, resamples), pairs)


def _alpha(
    criterion: Criterion, given: Mapping[str, Mapping[str, int]], documents: Sequence[str], resamples: int
) -> Interval | None:
    if not documents or not (criterion.ordered or len(criterion.levels) == 2):
        return None
    ratings = np.array([[said.get(d, np.nan) for d in documents] for said in given.values()], dtype=float)
    return bootstrap(lambda drawn: ordinal_alpha(ratings[:, drawn]), len(documents), resamples)


def _pair(
    criterion: Criterion, one: str, other: str, given: Mapping[str, Mapping[str, int]], resamples: int
) -> Pair | None:
    both = sorted(given[one].keys() & given[other].keys())
    if not both:
        return None
    a, b = ([given[person][d] for d in both] for person in (one, other))
    cells: dict[tuple[str, str], list[str]] = defaultdict(list)
    for document, row, column in zip(both, a, b, strict=True):
        cells[criterion.levels[row], criterion.levels[column]].append(document)
    figures = pair_agreement(a, b, len(criterion.levels), ordered=criterion.ordered, resamples=resamples)
    return Pair(criterion.key, one, other, figures, dict(cells))
