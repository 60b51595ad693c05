"""Which documents are one family, how they are related, and which of them counts."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from classifier.families.sketch import COARSE, Likeness, Sketch, likeness

Relation = Literal["copy", "near_copy", "draft", "refresh", "addendum", "joint"]

NEAR = 0.8  # of all runs: the same document, edited
_KIN = 0.25  # of the shorter one's runs: one authority's documents that share this much descend from each other
_ADDENDUM = 0.5  # of the longer one's words
# A run of words that so many documents have is boilerplate and leads to no family.
_COMMON = 50
_DRAFT = re.compile(r"\b(draft|consultation|for comment)\b|(?<![a-z])v0\.?\d", re.IGNORECASE)
_ADDED = re.compile(r"\b(addendum|addenda|annex|appendix|supplement|erratum|update note)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document as it is compared. `authorities` are compared names; a joint strategy has several."""

    id: str
    digest: str
    sketch: Sketch
    name: str = ""
    authorities: frozenset[str] = frozenset()
    year: int | None = None

    @property
    def is_draft(self) -> bool:
        return bool(_DRAFT.search(_spaced(self.name)))

    @property
    def is_addendum(self) -> bool:
        return bool(_ADDED.search(_spaced(self.name)))


@dataclass(frozen=True, slots=True)
class Link:
    """Two documents of one family: `younger` is a draft, refresh, copy … of `elder`, which counts before it."""

    younger: str
    elder: str
    relation: Relation
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Family:
    """Documents that count once: `counts` is the one that does, and names the family."""

    counts: str
    members: tuple[str, ...]
    links: tuple[Link, ...]


def families(candidates: Sequence[Candidate]) -> list[Family]:
    """Return every family of two or more, in the order of the documents given."""
    by_id = {candidate.id: candidate for candidate in candidates}
    links = [link for a, b in _pairs(candidates) if (link := relate(a, b)) is not None]
    found = []
    for members in _joined([candidate.id for candidate in candidates], links):
        if len(members) > 1:
            best = min((by_id[member] for member in members), key=_precedence)
            inside = tuple(link for link in links if link.younger in members)
            found.append(Family(best.id, tuple(members), inside))
    return found


def relate(a: Candidate, b: Candidate) -> Link | None:
    """Return how two documents are related; None where they are not."""
    elder, younger = sorted((a, b), key=_precedence)
    strangers = bool(a.authorities and b.authorities and not a.authorities & b.authorities)
    same = a.digest == b.digest or (a.sketch.words > 0 and a.sketch.text_digest == b.sketch.text_digest)
    alike = Likeness(1.0, 1.0) if same else likeness(a.sketch, b.sketch)
    relation: Relation | None = None
    if same:
        relation = "joint" if strangers else "copy"
    elif alike.resemblance >= NEAR and strangers:
        relation = "joint"
    elif not strangers and alike.contained >= _KIN:
        relation = _kin(elder, younger, alike)
    return None if relation is None else Link(younger.id, elder.id, relation, alike)


def _kin(elder: Candidate, younger: Candidate, alike: Likeness) -> Relation | None:
    """Return the relation of two documents of one authority; without authorities only near-copies are sure."""
    known = bool(elder.authorities and younger.authorities)
    if known and younger.is_draft and not elder.is_draft:
        return "draft"
    if known and younger.is_addendum and younger.sketch.words < _ADDENDUM * elder.sketch.words:
        return "addendum"
    if known and elder.year != younger.year and None not in (elder.year, younger.year):
        return "refresh"
    return "near_copy" if alike.resemblance >= NEAR else None


def _precedence(candidate: Candidate) -> tuple[bool, bool, int, int, str]:
    """Order documents of a family: finals before drafts and addenda, the newest first, then the longest."""
    return candidate.is_draft, candidate.is_addendum, -(candidate.year or 0), -candidate.sketch.words, candidate.id


def _pairs(candidates: Sequence[Candidate]) -> Iterable[tuple[Candidate, Candidate]]:
    """Yield the pairs that may be related: the same bytes, the same words, or runs in common that are not everybody's."""
    pairs: set[tuple[int, int]] = set()
    for same in _holders((candidate.digest, candidate.sketch.text_digest) for candidate in candidates):
        # A chain joins a thousand copies as well as every pair of them would.
        pairs |= set(itertools.pairwise(same))
    # Coarse and fine samples are compared at the coarse scale; fine ones among themselves with all they have.
    short = [candidate.sketch.scale == 1 for candidate in candidates]
    samples = (candidate.sketch.at(COARSE) for candidate in candidates)
    whole = (candidate.sketch.hashes if few else () for candidate, few in zip(candidates, short, strict=True))
    for those in itertools.chain(_holders(samples), _holders(whole)):
        if len(those) <= _COMMON:
            pairs |= set(itertools.combinations(those, 2))
    for a, b in sorted(pairs):
        yield candidates[a], candidates[b]


def _holders(keys: Iterable[Iterable[str | int]]) -> list[list[int]]:
    """Return, for every key that several documents have, which ones."""
    found: dict[str | int, list[int]] = defaultdict(list)
    for i, those in enumerate(keys):
        for key in dict.fromkeys(those):
            found[key].append(i)
    return [those for those in found.values() if len(those) > 1]


def _joined(ids: Sequence[str], links: Sequence[Link]) -> list[list[str]]:
    """Return the connected groups, each in the order of `ids`."""
    leader = {name: name for name in ids}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    for link in links:
        leader[find(link.younger)] = find(link.elder)
    groups: dict[str, list[str]] = {}
    for name in ids:
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())


def _spaced(name: str) -> str:
    return re.sub(r"[_\-]+", " ", name)
