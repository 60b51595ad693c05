"""Exact mentions, by rule and with their spans: prevention and where it stands, policies, the triple definition, themes. Codebook, A3 to A6."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.document import Passage
from classifier.passages import sentence_spans


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence that answers a criterion; `start` and `end` are offsets into the passage's text."""

    passage: Passage
    start: int
    end: int

    @property
    def quote(self) -> str:
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Rule:
    """What counts as a mention, what bars it, and what counts once another key is mentioned. From `mention_rules.toml`."""

    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None
    beside: tuple[str, re.Pattern[str]] | None = None

    def found_in(self, text: str) -> bool:
        """Tell whether the text has a match that no bar overlaps."""
        barred = [match.span() for match in self.unless.finditer(text)] if self.unless is not None else []
        return any(
            not any(a < match.end() and match.start() < b for a, b in barred) for match in self.pattern.finditer(text)
        )


def _compiled(table: dict[str, Any]) -> Rule:
    flags = 0 if table.get("match_case") else re.IGNORECASE
    unless_flags = 0 if table.get("unless_match_case") else re.IGNORECASE
    unless = re.compile("|".join(table["unless"]), unless_flags) if "unless" in table else None
    beside = (table["beside"], re.compile("|".join(table["patterns_beside"]), flags)) if "beside" in table else None
    return Rule(re.compile("|".join(table["patterns"]), flags), unless, beside)


_TABLES = tomllib.loads((Path(__file__).parent / "mention_rules.toml").read_text(encoding="utf-8"))
_PREVENTION = _compiled(_TABLES["prevention"])
_MENTIONS = {key: _compiled(table) for key, table in _TABLES["mention"].items()}
_INTEGRATED_IN_DEED = _compiled(_TABLES["integrated_in_deed"])
_DEFINITION = {key: _compiled(table) for key, table in _TABLES["definition"].items()}
_PLACES = {key: _compiled(table) for key, table in _TABLES["place"].items()}
# Where prevention can stand (codebook, A3), and the keys of parts A4 and A6 that a rule answers.
PLACES = ("summary", "vision", "priority", "principle")
THEMES_AND_POLICIES = tuple(_MENTIONS)


def prevention_mentions(passage: Passage) -> list[Mention]:
    """Return the sentences of a passage that speak of prevention in the codebook's sense."""
    if not _PREVENTION.pattern.search(passage.text):
        return []
    return [Mention(passage, a, b) for a, b in sentence_spans(passage.text) if _PREVENTION.found_in(passage.text[a:b])]


def heading_speaks_of_prevention(passage: Passage) -> bool:
    """Tell whether a heading above the passage speaks of prevention."""
    return any(_PREVENTION.found_in(heading) for heading in passage.headings)


def place_mentions(passages: Sequence[Passage]) -> dict[str, list[Mention]]:
    """Return, for `anywhere` and each place, the sentences that speak of prevention there.

    A place is told by the section's headings, or by the sentence itself ("our vision is ... prevention").
    """
    found: dict[str, list[Mention]] = {place: [] for place in ("anywhere", *PLACES)}
    for passage in passages:
        for mention in prevention_mentions(passage):
            found["anywhere"].append(mention)
            for place in {passage.role, *(role for role, cue in _PLACES.items() if cue.found_in(mention.quote))}:
                if place in found:
                    found[place].append(mention)
        if passage.role == "other" and heading_speaks_of_prevention(passage):
            # A chapter named after prevention is one of the document's priorities, whatever it calls them.
            start, end = sentence_spans(passage.text)[0]
            found["priority"].append(Mention(passage, start, end))
    return found


def has_summary(passages: Iterable[Passage]) -> bool:
    """Tell whether a document has a summary of any kind."""
    return any(passage.role == "summary" for passage in passages)


def rule_mentions(key: str, passages: Sequence[Passage]) -> list[Mention]:
    """Return the sentences that mention a policy or a theme. Keys of the codebook's parts A4 and A6."""
    rule = _MENTIONS[key]
    found = list(_sentences(passages, rule))
    if rule.beside is not None:
        other, pattern = rule.beside
        if rule_mentions(other, passages):
            found = _unique([*found, *_sentences(passages, Rule(pattern))])
    return found


def _sentences(passages: Iterable[Passage], rule: Rule) -> Iterator[Mention]:
    for passage in passages:
        if rule.found_in(passage.text):
            spans = [(a, b) for a, b in sentence_spans(passage.text) if rule.found_in(passage.text[a:b])]
            for a, b in spans or [(0, len(passage.text))]:
                yield Mention(passage, a, b)


def integration_kind(mentions: Iterable[Mention]) -> tuple[str, list[Mention]]:
    """Return `integration` with the sentences that show it, else `cooperation`; `none` without any mention. Codebook, A6."""
    mentions = list(mentions)
    deep = [mention for mention in mentions if _INTEGRATED_IN_DEED.found_in(mention.quote)]
    if deep:
        return "integration", deep
    return ("cooperation", mentions) if mentions else ("none", [])


def triple_definition(passages: Sequence[Passage]) -> tuple[str, list[Mention]]:
    """Return `full`, `part` or `none` with the sentences that show it. Codebook, A5."""
    parts = {tier: list(_sentences(passages, _DEFINITION[tier])) for tier in ("primary", "secondary", "tertiary")}
    if parts["primary"] and parts["secondary"] and not parts["tertiary"]:
        parts["tertiary"] = list(_sentences(passages, _DEFINITION["third"]))
    triple = list(_sentences(passages, _DEFINITION["prevent_reduce_delay"]))
    named = _unique(mention for found in parts.values() for mention in found[:2])
    if all(parts.values()) or triple:
        return "full", triple or named
    some = named + list(_sentences(passages, _DEFINITION["pair"]))
    return ("part", some) if some else ("none", [])


def _unique(mentions: Iterable[Mention]) -> list[Mention]:
    return list({(m.passage.id, m.start, m.end): m for m in mentions}.values())
