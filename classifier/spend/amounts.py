"""Amounts as they stand in councils' budgets: pounds with and without signs, in thousands and millions, credits and brackets."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

_SCALES = {
    "k": 1_000, "000": 1_000, "000s": 1_000, "thousand": 1_000, "thousands": 1_000, "m": 1_000_000, "mn": 1_000_000, "mil": 1_000_000,
    "million": 1_000_000, "millions": 1_000_000, "bn": 1_000_000_000, "b": 1_000_000_000, "billion": 1_000_000_000,
}  # fmt: skip
_NOTHING = frozenset(("-", "–", "—", "nil", "zero"))
_OTHER_MONEY = re.compile(r"[$€¥₹]|\b(usd|eur|euros?|dollars?)\b")
_NUMBER = re.compile(r"(\d{1,3}(?:[, ]\d{3})+|\d+)?(\.\d+)?", re.ASCII)
_MOST = Decimal(10) ** 12
_HEADER = re.compile(r"(?:£\s*|gbp\s*|\(|\bin\s+)'?(000s?|k|m|mn|bn|thousands?|millions?|billions?)\b", re.IGNORECASE)


def header_scale(name: str) -> int:
    """Return what the amounts under a column's name are to be multiplied by: "Budget (£000)" is 1,000."""
    found = _HEADER.search(unicodedata.normalize("NFKC", name).replace("’", "'").replace("‘", "'"))
    return _SCALES[found[1].lower()] if found else 1


def parse_amount(cell: str, scale: int = 1) -> Decimal:
    """Return a cell's amount in pounds, to the penny; raise ValueError with the rule broken.

    A minus before or behind, brackets and CR mean income. A cell that says k, m or bn itself is not scaled again.
    """
    text = unicodedata.normalize("NFKC", cell).lower().strip().replace("−", "-").replace("‐", "-")
    if text in _NOTHING:
        return Decimal(0)
    if money := _OTHER_MONEY.search(text):
        raise ValueError(f"in {money[0]}, not in pounds; give it in pounds")
    if "%" in text:
        raise ValueError("a percentage, not an amount; give the amount in pounds")
    bare, negative = _without_sign(re.sub(r"£|\bgbp\b", "", text).strip())
    number, own = _split_scale(bare)
    if not number or not (match := _NUMBER.fullmatch(number)) or match[0] == "":
        raise ValueError(_why_not(number))
    amount = Decimal(re.sub(r"[, ]", "", number)) * (own or scale)
    if amount > _MOST:
        raise ValueError("more than a million million pounds; check the unit")
    return (-amount if negative else amount).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _without_sign(text: str) -> tuple[str, bool]:
    """Return an amount without its signs, and whether it is income."""
    negative = False
    if bracketed := re.fullmatch(r"-?\((.*)\)", text):
        text, negative = bracketed[1].strip(), True
    if marked := re.fullmatch(r"(.*[\d)]\s*)(cr|dr)\.?", text):
        text, negative = marked[1].strip(), negative or marked[2] == "cr"
    if text.startswith(("-", "+")) and len(text) > 1:
        text, negative = text[1:].strip(), negative or text[0] == "-"
    elif text.endswith("-") and len(text) > 1:
        text, negative = text[:-1].strip(), True
    return text, negative


def _split_scale(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"([\d., ]+?)\s*(k|m|mn|mil|bn|b|thousand|million|billion)\.?", text)
    return (found[1].strip(), _SCALES[found[2]]) if found else (text, 0)


def _why_not(number: str) -> str:
    if re.search(r"\d\s*(-|–|to)\s*\d", number):
        return "a range, not one amount; give one"
    if re.search(r"\d\.\d{3},\d", number) or re.fullmatch(r"\d+,\d{1,2}", number):
        return "a comma where the point should be; write pence after a point"
    if re.search(r"\d", number):
        return "not a number; write it like 1234.50 or £1,234.50"
    return "no amount; write it like 1234.50, or 0"
