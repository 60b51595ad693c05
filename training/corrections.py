"""Corrections as training sees them: what people agree on, as passages and documents among the labelled data."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.codebook import Codebook, Criterion
from classifier.correction import CORRECTIONS, DOCUMENTS, Correction
from classifier.errors import LabelledDataError
from training.data import DATA, HandLabels, LabelledPassage, Split, load_passages, load_splits, read_jsonl

_TABLES = {"A2": "tiers", "A3": "places", "A4": "policies", "A6": "themes"}
# From a row of `strategies.jsonl` to the documents of corrections, which lie beside `strategies`.
_BESIDE = Path("..") / CORRECTIONS / DOCUMENTS


def load_corrections(directory: Path = DATA) -> list[Correction]:
    """Return every correction in the order in which it was given; raise where an id comes twice."""
    files = sorted((directory / CORRECTIONS).glob("*.jsonl"))
    found = [row for path in files for row in read_jsonl(path, Correction.model_validate_json)]
    ids = [row.id for row in found]
    if len(set(ids)) != len(ids):
        twice = sorted({i for i in ids if ids.count(i) > 1})[:5]
        raise LabelledDataError(
            f"{directory / CORRECTIONS}: corrections exported twice: {', '.join(twice)}; take the lines out of one file"
        )
    return sorted(found, key=lambda row: (row.created, row.id))


@dataclass(frozen=True, slots=True)
class Settled:
    """What holds: labels by (document, passage), levels by document and criterion, and what people still differ on."""

    passages: Mapping[tuple[str, str], Correction]
    documents: Mapping[str, Mapping[str, str]]
    open: Sequence[str]
    rows: Mapping[str, Correction]


def settle(corrections: Sequence[Correction], version: str) -> Settled:
    """Return what holds of corrections that carry this version of the codebook.

    Of one person's words the newest count, a decision goes before everybody's, and where two people differ without a decision
    nothing holds.
    """
    said: dict[tuple[str, str | None, str], dict[str, Correction]] = defaultdict(dict)
    decided: dict[tuple[str, str | None, str], Correction] = {}
    rows: dict[str, Correction] = {}
    for row in corrections:
        if row.codebook != version:
            continue
        rows[row.document] = row
        for key in row.criteria if row.criteria is not None else [""]:
            place = (row.document, row.passage, key)
            if row.decision:
                decided[place] = row
            else:
                said[place][row.annotator] = row
    passages: dict[tuple[str, str], Correction] = {}
    documents: dict[str, dict[str, str]] = defaultdict(dict)
    open_: list[str] = []
    for place in {**said, **decided}:
        document, passage, key = place
        given = [decided[place]] if place in decided else list(said[place].values())
        if len({_content(row, key) for row in given}) > 1:
            open_.append(f"{given[-1].name or document[:12]}: {key or f'passage {passage}'}")
        elif passage is not None:
            passages[document, passage] = given[-1]
        else:
            documents[document][key] = (given[-1].criteria or {})[key]
    return Settled(passages, documents, open_, rows)


def _content(row: Correction, key: str) -> tuple[str, ...]:
    return tuple(sorted(row.labels or ())) if row.criteria is None else (row.criteria[key],)


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Passages with their splits, documents beside the project's own, and what corrections could not be used."""

    passages: list[LabelledPassage]
    splits: dict[str, Split]
    documents: list[HandLabels]
    open: Sequence[str]


def training_data(codebook: Codebook, directory: Path = DATA) -> TrainingData:
    """Return the labelled data with what people have corrected.

    A corrected passage is trained on, in the place of one with the same text; one that stands in what models are calibrated or
    measured on is left out, so that what measures stays what it was.
    """
    passages, splits = load_passages(codebook, directory), load_splits(directory)
    settled = settle(load_corrections(directory), codebook.version)
    corrected = {_words(row.text): row for row in settled.passages.values()}
    held = {_words(p.text) for p in passages if splits.get(p.group, "train") != "train"}
    fresh = [_passage(row, codebook) for words, row in corrected.items() if words not in held]
    replaced = {_words(p.text) for p in fresh}
    kept = [p for p in passages if splits.get(p.group) != "train" or _words(p.text) not in replaced]
    added: dict[str, Split] = {p.group: "train" for p in fresh}
    documents = [
        _document(settled.rows[digest], levels, codebook)
        for digest, levels in sorted(settled.documents.items())
        if (directory / CORRECTIONS / DOCUMENTS / settled.rows[digest].file).is_file()
    ]
    return TrainingData(sorted([*kept, *fresh], key=lambda p: p.id), {**splits, **added}, documents, settled.open)


def _words(text: str) -> str:
    return " ".join(text.lower().split())


def _passage(row: Correction, codebook: Codebook) -> LabelledPassage:
    if unknown := sorted(set(row.labels or ()) - set(codebook.labels)):
        raise LabelledDataError(f"correction {row.id}: unknown labels {unknown}; use: {', '.join(codebook.labels)}")
    name = hashlib.sha256(f"{row.document}/{row.passage}".encode()).hexdigest()[:12]
    return LabelledPassage(
        id=f"c{name}", group=_group(row), origin="corrected", text=row.text, heading=row.heading, labels=row.labels or [],
        kind=row.kind, year=row.year, codebook=row.codebook,
    )  # fmt: skip


def _group(row: Correction) -> str:
    return f"authority:{row.authority}" if row.authority else f"document:{row.document[:16]}"


def _document(row: Correction, levels: Mapping[str, str], codebook: Codebook) -> HandLabels:
    found: dict[str, Any] = {
        "file": str(_BESIDE / row.file), "authority": row.authority or _group(row), "kind": row.kind, "year": row.year,
        "source": "corrections", "codebook": row.codebook,
    }  # fmt: skip
    for key, level in levels.items():
        criterion = codebook.criterion(key)
        criterion.check(level)
        if table := _TABLES.get(criterion.part):
            found.setdefault(table, {})[key] = _value(criterion, level)
        elif criterion.part in ("A1", "A5"):
            found[key] = level
    return HandLabels.model_validate(found)


def _value(criterion: Criterion, level: str) -> bool | str:
    return level == "yes" if level in ("yes", "no") and criterion.part != "A2" else level


def unused(found: TrainingData) -> Iterable[str]:
    """Yield a line for what people differ on, and so was not trained on."""
    for place in found.open:
        yield f"not trained on, because people differ and nobody has decided: {place}"
