"""Passages as extraction leaves them: what training shows beside the clean ones.

Real extractions read two columns across each other, run a heading into the sentence after it and glue one list to the next. A passage that
holds two others carries the labels of both.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from classifier.encoder import Text
from training.config import TrainingConfig
from training.data import LabelledPassage

_TIERS = frozenset(("primary", "secondary", "tertiary"))
_MAX_WORDS = 130


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network sees of a passage in one epoch, with the labels it then carries."""

    text: Text
    labels: frozenset[str]


def show(passages: Sequence[LabelledPassage], index: int, config: TrainingConfig, dice: random.Random) -> Shown:
    """Show a passage with its heading, without it, with the heading run into the text, or mixed with another passage."""
    passage = passages[index]
    if dice.random() < config.mixed:
        other = passages[dice.randrange(len(passages))]
        if len(passage.text.split()) + len(other.text.split()) <= _MAX_WORDS:
            return _mixed(passage, other, dice)
    roll = dice.random()
    labels = frozenset(passage.labels)
    if not passage.heading or roll < config.heading_dropout:
        return Shown(Text(passage.text), labels)
    if roll < config.heading_dropout + config.heading_run_in:
        return Shown(Text(f"{passage.heading.split(' > ')[-1]} {passage.text}"), labels)
    return Shown(passage.asked, labels)


def _mixed(one: LabelledPassage, other: LabelledPassage, dice: random.Random) -> Shown:
    """Read two passages across each other, as from two columns, or one after the other, as from a glued list."""
    lines = [_lines(passage.text, dice) if dice.random() < 0.5 else [passage.text] for passage in (one, other)]
    a, b = lines
    woven = [line for pair in zip(a, b, strict=False) for line in pair] + a[len(b) :] + b[len(a) :]
    labels = set(one.labels) | set(other.labels)
    # Codebook, decided cases: any other work in the same passage ends "awareness only".
    worked = any(_TIERS & set(p.labels) and "awareness_only" not in p.labels for p in (one, other))
    return Shown(Text(" ".join(woven)), frozenset(labels - {"awareness_only"} if worked else labels))


def _lines(text: str, dice: random.Random) -> list[str]:
    words = text.split()
    width = dice.randint(6, 11)
    return [" ".join(words[i : i + width]) for i in range(0, len(words), width)]
