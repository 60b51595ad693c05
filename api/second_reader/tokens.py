"""How many tokens a text has at most, told without the model's own tokenizer, which no server gives out."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|[0-9]|[^\sA-Za-z0-9]|\n")
# Vocabularies of language models hold nearly every English word up to this length as one token.
_LETTERS = 5


def count_tokens(text: str) -> int:
    """Return a count that real tokenizers stay below: a token for five letters begun, for each figure and each sign.

    A sign beyond ASCII counts as each of its bytes: a vocabulary may know it only so.
    """
    return sum(_tokens(piece) for piece in _PIECE.findall(text))


def _tokens(piece: str) -> int:
    if piece.isascii():
        return -(-len(piece) // _LETTERS)
    return len(piece.encode("utf-8", "replace"))
