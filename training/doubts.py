"""Hand labels that a model fitted without them most doubts, and labels that another codebook gave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from classifier.artefact import CODEBOOK, MANIFEST, Artefact, file_digest
from classifier.codebook import STRENGTHS, TIER_STATES, TIERS, Codebook, load_codebook
from classifier.correction import Correction
from classifier.errors import LabelledDataError
from training.data import HandLabels, LabelledPassage
from training.document_scores import criteria_labels
from training.documents import LEAST_DOCUMENTS, held_out, read_strategies


class Doubt(BaseModel):
    """A label given by hand, and what heads that never saw its authority say in its place."""

    model_config = ConfigDict(frozen=True)

    file: str
    document: str = Field(description="SHA-256 of the file, as the service knows it")
    authority: str
    criterion: str
    given: str
    likely: str
    steps: int = Field(description="how far apart the two are")
    probability: float = Field(description="of the label given")


def find_doubts(rows: Sequence[HandLabels], directory: Path, model: Artefact) -> list[Doubt]:
    """Return doubted labels, those the furthest off first, then the least probable; heads are fitted without each authority in turn.

    The passage model stays as it is: it has learned from passages, and knows none of these labels.
    """
    read = read_strategies(rows, directory, model.passages, model.heads.scaling, model.heads.labels)
    if sum(s.row.strength is not None for s in read) < LEAST_DOCUMENTS:
        raise LabelledDataError(
            f"{directory}: fewer than {LEAST_DOCUMENTS} documents with a strength label; label more before their labels are doubted"
        )
    left_out = held_out(read)
    told = [s.row for s in read if s.row.strength is not None]
    found = _doubted(told, directory, "strength", STRENGTHS, left_out.strength, left_out.strength_labels)
    for tier, (probabilities, states) in left_out.tiers.items():
        labelled = [s.row for s in read if tier in s.row.tiers]
        found += _doubted(labelled, directory, tier, TIER_STATES, probabilities, states)
    return sorted(found, key=lambda d: (-d.steps, d.probability, d.file, d.criterion))


def _doubted(
    rows: Sequence[HandLabels], directory: Path, criterion: str, levels: Sequence[str],
    probabilities: Sequence[NDArray[np.float64]], labels: NDArray[np.int64],
) -> list[Doubt]:  # fmt: skip
    found: list[Doubt] = []
    for row, p, label in zip(rows, probabilities, labels.tolist(), strict=True):
        likely = int(p.argmax())
        if likely != label:
            found.append(
                Doubt(
                    file=row.file, document=file_digest(directory / row.file), authority=row.authority, criterion=criterion,
                    given=levels[label], likely=levels[likely], steps=abs(likely - label), probability=round(float(p[label]), 4),
                )
            )  # fmt: skip
    return found


class Outdated(BaseModel):
    """A label that another version of the codebook gave, where that version means something else by it."""

    model_config = ConfigDict(frozen=True)

    what: str = Field(description="passage, document or correction, with its id or file")
    version: str
    changed: list[str] = Field(description="criteria or passage labels whose meaning has changed, or that are new")


def find_codebooks(models: Path, *others: Path) -> dict[str, Codebook]:
    """Return every codebook that models or snapshots carry, by version."""
    paths = [*others, *(path.parent / CODEBOOK for path in models.glob(f"*/{MANIFEST}"))]
    found = [load_codebook(path) for path in paths if path.is_file()]
    return {codebook.version: codebook for codebook in found}


def changed_meanings(old: Codebook | None, new: Codebook) -> tuple[frozenset[str], frozenset[str]]:
    """Return the criteria, and the passage labels, of the new codebook that the old one does not have in these words; all without an old one."""
    criteria = {} if old is None else {c.key: c for c in old.criteria}
    labels = {} if old is None else {label.key: label for label in old.passage_labels}
    return (
        frozenset(c.key for c in new.criteria if criteria.get(c.key) != c),
        frozenset(label.key for label in new.passage_labels if labels.get(label.key) != label),
    )


def outdated(
    passages: Sequence[LabelledPassage], documents: Sequence[HandLabels], corrections: Sequence[Correction],
    current: Codebook, known: Mapping[str, Codebook],
) -> Iterator[Outdated]:  # fmt: skip
    """Yield what has to be labelled anew under the current codebook. Old labels are kept, with their version.

    Where the old codebook is not at hand, everything under it counts as changed.
    """
    meanings = {
        version: changed_meanings(known.get(version), current)
        for version in {r.codebook for rows in (passages, documents, corrections) for r in rows} - {current.version}
    }

    def told(what: str, version: str, criteria: frozenset[str] | None) -> Iterator[Outdated]:
        if version in meanings:
            changed_criteria, changed_labels = meanings[version]
            if keys := changed_labels if criteria is None else changed_criteria & criteria:
                yield Outdated(what=what, version=version, changed=sorted(keys))

    for passage in passages:
        yield from told(f"passage {passage.id}", passage.codebook, None)
    for document in documents:
        old = known.get(document.codebook)
        # What is asked of documents only since then was never answered.
        fresh = frozenset(c.key for c in current.criteria) - frozenset(c.key for c in (old or current).criteria)
        name = document.file or document.authority
        yield from told(f"document {name}", document.codebook, _labelled(document) | fresh)
    for row in corrections:
        given = None if row.criteria is None else frozenset(row.criteria)
        yield from told(f"correction {row.id} of {row.name or row.document[:12]}", row.codebook, given)


def _labelled(row: HandLabels) -> frozenset[str]:
    """Return what a person labelled in a document: what was left open does not have to be labelled anew."""
    strength: frozenset[str] = frozenset() if row.strength is None else frozenset({"strength"})
    return strength | frozenset(criteria_labels(row)) | frozenset(tier for tier in TIERS if tier in row.tiers)
