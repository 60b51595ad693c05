"""Passages as extraction leaves them: what training shows beside the clean ones.

Real extractions read two columns across each other, run a heading into the sentence after it and glue one list to the next. A passage that
holds two others carries the labels of both. Windows cut from a page begin and end in somebody else's sentence, lose letters of ligatures and carry links.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from classifier.encoder import Text
from training.config import TrainingConfig
from training.data import LabelledPassage

_TIERS = frozenset(("primary", "secondary", "tertiary"))
_MAX_WORDS = 130
_DRAWS = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network sees of a passage in one epoch, with the labels it then carries."""

    text: Text
    labels: frozenset[str]


def show(passages: Sequence[LabelledPassage], index: int, config: TrainingConfig, dice: random.Random) -> Shown:
    """Show a passage as some extraction might leave it, with the labels it then carries."""
    shown = _arranged(passages, index, config, dice)
    text = shown.text.text
    if dice.random() < config.flanked:
        text = _flanked(text, passages, dice)
    if dice.random() < config.slips:
        text = _slipped(text, dice)
    return Shown(Text(text, shown.text.heading), shown.labels)


def _arranged(
    passages: Sequence[LabelledPassage], index: int, config: TrainingConfig, dice: random.Random
) -> Shown:  # fmt: skip
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


def _flanked(text: str, passages: Sequence[LabelledPassage], dice: random.Random) -> str:
    """Put the end of an unlabelled passage before a text, the beginning of another after it, or both: a cut through a page."""
    before, after = dice.choice(((True, True), (True, False), (False, True)))
    room = max(0, _MAX_WORDS - len(text.split()))
    length = min(dice.randint(4, 22), room // 2)
    if length < 3:
        return text
    head = _unlabelled(passages, dice).split()[-length:] if before else []
    tail = _unlabelled(passages, dice).split()[:length] if after else []
    return " ".join([*head, text, *tail])


def _unlabelled(passages: Sequence[LabelledPassage], dice: random.Random) -> str:
    """Draw the text of a passage without labels; nothing where a few draws meet none."""
    for _ in range(_DRAWS):
        drawn = passages[dice.randrange(len(passages))]
        if not drawn.labels:
            return drawn.text
    return ""


def _slipped(text: str, dice: random.Random) -> str:
    """Lose letters of ligatures, as extraction from some fonts does, or set a link or a page number into the text."""
    kind = dice.choice(("letters", "letters", "link", "page"))
    if kind == "letters":
        pair, left = dice.choice((("ll", "l"), ("ll", "l "), ("fi", " "), ("tt", "t"), ("ti", " ")))
        return re.sub(pair, left, text)
    words = text.split()
    place = dice.randint(0, len(words))
    if kind == "page":
        number = str(dice.randint(2, 90))
        return " ".join([*words[:place], dice.choice((f"Page {number}", number, f"{number} |")), *words[place:]])
    named = "-".join(re.findall(r"[a-z]+", " ".join(words[max(0, place - 4) : place]).lower()))
    return " ".join(
        [*words[:place], f"\\(https://www.{dice.choice(('gov', 'nhs', 'council'))}.uk/{named}/\\)", *words[place:]]
    )
