"""The part a section plays in a strategy, told from its headings. Codebook, A3."""

from __future__ import annotations

import re
from collections.abc import Sequence

from classifier.document import SectionRole

_WORDS: tuple[tuple[SectionRole, str], ...] = (
    (
        "summary",
        r"\bsummary\b|\bforew[oa]rd\b|\bon (?:a|one|two) pages?\b|\bat a glance\b|\bin brief\b|\bkey messages\b"
        r"|\bwelcome\b|^(?:\W|\d)*(?:an? )?(?:introduction|message|words?|note|hello|statement) (?:from|by|before|of)\b|\bpreface\b"
        r"|\b(?:chair\w*|leader|mayor|cabinet member|director|president|convenor)[’']?s?[’']? (?:introduction|message|words?|statement|welcome)\b"
        r"|\bopening (?:statement|words|remarks)\b|\bexecutive (?:overview|briefing)\b|^\W*(?:headlines?|overview|in short|in a nutshell)\W*$"
        r"|\bheadline (?:messages|points)\b|\bin (?:three|four|five|six|seven|ten) (?:lines|points|sentences|minutes)\b|\bread this\b",
    ),
    # A numbered aim is one of several: a priority, not the vision.
    (
        "priority",
        r"\b(?:priority|outcome|theme|aim|ambition|goal|objective|challenge|promise|step|workstream|work stream|programme|pillar"
        r"|commitment|pledge|horizon|shift|strand|mission)(?: area)? (?:\d|[a-f]\b|one|two|three|four|five|six|seven|eight)\b",
    ),
    (
        "principle",
        r"\bprinciples?\b|\bvalues\b|\bapproach(?:es)?\b|\bways? (?:of working|we work|we will work)\b|\bhow we (?:will )?work\b"
        r"|\bcross[- ]cutting\b|\benablers?\b|\bunderpin",
    ),
    (
        "vision",
        r"\bvision\b|\baims?\b|\bambitions?\b|\bmission\b|\bwhere we want to be\b|\bour purpose\b",
    ),
    (
        "priority",
        r"\bpriorit(?:y|ies)\b|\bobjectives?\b|\bgoals?\b|\bstrategic (?:outcome|theme)s?\b|\b(?:outcome|theme|aim|challenge) \d"
        r"|\bour (?:themes|outcomes|commitments|plans?)\b|\bkey (?:initiatives|actions|areas|themes)\b|\b(?:areas? of )?focus\b"
        r"|\bwhat we (?:will|are going to|plan to|intend to) (?:do|achieve)\b|\bbig (?:ticket|changes|moves)\b|\bpledges?\b|\bpromises?\b|\bworkstreams?\b|\bprogrammes? of work\b",
    ),
)
_ROLES = tuple((role, re.compile(words, re.IGNORECASE)) for role, words in _WORDS)


def section_role(headings: Sequence[str]) -> SectionRole:
    """Return the role of a heading path (outermost first); the innermost heading that tells decides."""
    for heading in reversed(headings):
        for role, pattern in _ROLES:
            if pattern.search(heading):
                return role
    return "other"
