"""What is kept of an answer: labels that the codebook has, quotes that stand in the passage they name. The rest is dropped, and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.second_reader.material import ReaderPassage
from api.second_reader.quotes import find_quote, plain, without_unfounded
from classifier.codebook import Codebook, Criterion
from classifier.errors import PreventionError

_LONGEST = 600
_MOST_QUOTES = 5
_MOST_SENTENCES = 12
_ABSENT = "not_applicable"
_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class WrongFormError(PreventionError):
    """An answer has not the form that was asked for."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is kept of an answer, and how many quotes stood and fell."""

    body: dict[str, Any]
    verified: int
    dropped: int


def check_document(text: str, codebook: Codebook, passages: Sequence[ReaderPassage]) -> Checked:
    """Return the labels of a reading; raise `WrongFormError` where not one of them can be used."""
    answered = _objects(_member(_parsed(text), "criteria", dict))
    kept: dict[str, Any] = {}
    verified = dropped = 0
    for criterion in codebook.criteria:
        given = answered.get(criterion.key)
        if given is not None and given.get("label") in criterion.levels:
            kept[criterion.key], found, lost = _answer(criterion, given, passages)
            verified, dropped = verified + found, dropped + lost
    if not kept:
        raise WrongFormError("the answer holds no criterion with a label of the codebook; ask again, or name a model that follows a schema")  # fmt: skip
    # What the model says of no criterion, or outside the closed set of labels, is left open and told.
    left = [criterion.key for criterion in codebook.criteria if criterion.key not in kept]
    return Checked({"criteria": kept, "unanswered": left}, verified, dropped)


def _answer(
    criterion: Criterion, given: dict[str, Any], passages: Sequence[ReaderPassage]
) -> tuple[dict[str, Any], int, int]:
    quotes, dropped = [], 0
    for one in _list(given.get("quotes"))[:_MOST_QUOTES]:
        entry = one if isinstance(one, dict) else {}
        found = _verified(entry.get("quote"), _numbered(entry.get("passage"), passages))
        quotes += [found] if found is not None else []
        dropped += found is None
    label = given["label"]
    rationale, unfounded = _rationale(given.get("rationale"), [passage.text for passage in passages])
    answer = {
        "label": label, "rationale": rationale, "quotes": quotes, "dropped": dropped, "unfounded": unfounded,
        "supported": bool(quotes) or label in (criterion.levels[0], _ABSENT),
    }  # fmt: skip
    return answer, len(quotes), dropped


def check_drafts(text: str, codebook: Codebook, passages: Sequence[ReaderPassage]) -> Checked:
    """Return the labels drafted for passages; raise `WrongFormError` where there are none that can be used."""
    kept: dict[str, Any] = {}
    verified = dropped = 0
    for given in _list(_member(_parsed(text), "passages", list)):
        passage = _numbered(given.get("passage"), passages) if isinstance(given, dict) else None
        if passage is None or not isinstance(given.get("labels"), list):
            continue
        told = [label for label in given["labels"] if isinstance(label, str)]
        if any(label not in codebook.labels and label != "none" for label in told) or len(told) != len(given["labels"]):
            continue
        quotes = [_verified(quote, passage) for quote in _list(given.get("quotes"))[:_MOST_QUOTES]]
        stood = [quote for quote in quotes if quote is not None]
        verified, dropped = verified + len(stood), dropped + len(quotes) - len(stood)
        rationale, _ = _rationale(given.get("rationale"), [passage.text])
        kept[passage.id] = {
            "labels": [label for label in codebook.labels if label in told], "rationale": rationale, "quotes": stood,
            "draft": True,
        }  # fmt: skip
    if not kept:
        raise WrongFormError("the answer holds no passage with labels of the codebook; ask again, or name a model that follows a schema")  # fmt: skip
    return Checked({"passages": kept}, verified, dropped)


def check_paragraph(text: str, lines: Sequence[ReaderPassage]) -> Checked:
    """Return the sentences that rest on evidence; one without, or with a figure or a quotation that its evidence has not, is removed."""
    kept = []
    given = _list(_member(_parsed(text), "sentences", list))[:_MOST_SENTENCES]
    for one in given:
        entry = one if isinstance(one, dict) and isinstance(one.get("text"), str) else {"text": ""}
        named = [_numbered(number, lines) for number in _list(entry.get("evidence"))]
        cited = list(dict.fromkeys(line for line in named if line is not None))
        sentence = plain(entry["text"], _LONGEST)
        if sentence and cited and len(cited) == len(set(map(repr, named))) and _rests(sentence, cited):
            kept.append({"text": sentence, "evidence": [line.id for line in cited]})
    if not kept:
        raise WrongFormError("no sentence of the answer rests on the evidence; write the paragraph yourself, or name another model")  # fmt: skip
    return Checked({"sentences": kept, "removed": len(given) - len(kept), "draft": True}, len(kept), len(given) - len(kept))  # fmt: skip


def _rests(sentence: str, cited: Sequence[ReaderPassage]) -> bool:
    texts = [line.text for line in cited]
    figures = {figure for text in texts for figure in _NUMBER.findall(text)}
    figures |= {str(line.page) for line in cited}
    return set(_NUMBER.findall(sentence)) <= figures and without_unfounded(sentence, texts)[1] == 0


def _verified(quote: object, passage: ReaderPassage | None) -> dict[str, Any] | None:
    """Return a quote as the passage itself has it, with its place on the page; None where it is not there."""
    if passage is None or not isinstance(quote, str):
        return None
    span = find_quote(quote, passage.text)
    if span is None:
        return None
    start, end = span
    return {
        "quote": passage.text[start:end], "passage": passage.id, "page": passage.page, "start": passage.start + start,
        "end": passage.start + end, "verified": True,
    }  # fmt: skip


def _rationale(given: object, texts: Sequence[str]) -> tuple[str, int]:
    told, taken = without_unfounded(plain(given if isinstance(given, str) else "", _LONGEST), texts)
    return told[:_LONGEST], taken


def _parsed(text: str) -> Any:
    fenced = _FENCE.match(text)
    try:
        return json.loads(fenced.group(1) if fenced else text)
    except (ValueError, RecursionError) as error:
        raise WrongFormError("the answer is no JSON; ask again, or name a model that follows a schema") from error


def _member(value: Any, key: str, kind: type) -> Any:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kind):
        raise WrongFormError(f"the answer holds no `{key}` as it was asked for; ask again, or name a model that follows a schema")  # fmt: skip
    return found


def _objects(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: one for key, one in value.items() if isinstance(one, dict)}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _numbered(number: object, passages: Sequence[ReaderPassage]) -> ReaderPassage | None:
    is_one = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= len(passages)
    return passages[number - 1] if is_one else None  # type: ignore[operator]
