"""Readable rules that tell reactive spend, and spend on the organisation itself, from a line's own words."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

RULES = Path(__file__).parent / "rules.toml"


class Rule(BaseModel):
    """Words that put a line into a category, and words that keep it out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    category: Literal["reactive", "other"]
    name: str
    reason: str
    words: tuple[str, ...] = Field(min_length=1)
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """The rule that fits a line, and the words it was told by."""

    rule: Rule
    words: str


@lru_cache(maxsize=1)
def load_rules() -> tuple[Rule, ...]:
    """Read the rules."""
    return tuple(Rule.model_validate(rule) for rule in tomllib.loads(RULES.read_text(encoding="utf-8"))["rules"])


def rule_for(description: str, rules: tuple[Rule, ...] | None = None) -> Hit | None:
    """Return the first rule that fits a line; None where none does."""
    text = " ".join(description.lower().replace("’", "'").split())
    for rule in rules or load_rules():
        found = _pattern(rule.words).search(text)
        if found and not (rule.unless and _pattern(rule.unless).search(text)):
            return Hit(rule, found[0])
    return None


@lru_cache(maxsize=64)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(word).replace(r"\*", r"\w*") for word in words)
    return re.compile(rf"(?<![\w&])(?:{alternatives})(?!\w)")
