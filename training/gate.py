"""The gate: a new model against the one in use, on passages and strategies that two people have read and no model is trained on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.agreement import Interval, Table, agreed, bootstrap, confusion, quadratic_kappa
from classifier.artefact import MANIFEST, Artefact, check_files, file_digest, load_artefact
from classifier.codebook import STRENGTHS, TIER_STATES, Codebook
from classifier.errors import LabelledDataError
from classifier.gate import REPORT, REPORT_TEXT, Compared, GateReport, Role, first_report, judge, report_text
from classifier.registry import named_current
from training.data import (
    DATA,
    LabelledPassage,
    LabelledStrategy,
    data_digest,
    load_passages,
    load_splits,
    load_strategies,
)
from training.documents import as_given, held_out, read_strategies
from training.evaluation import QUOTED, f1_of
from training.snapshots import LIST, Snapshot

FROZEN = "frozen.json"
_RESAMPLES = 1000
Tell = Callable[[str], None]
Figure = Callable[[Table, Table], float]


class FrozenList(BaseModel):
    """Which passages and strategies models are compared on, by id and by file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    note: str
    passages: list[str]
    strategies: list[str]


@dataclass(frozen=True, slots=True)
class FrozenSet:
    """The passages and strategies themselves, with a digest of their texts and labels, and the folder of the strategies."""

    passages: Sequence[LabelledPassage]
    strategies: Sequence[LabelledStrategy]
    directory: Path
    digest: str


def load_frozen(codebook: Codebook, data: Path = DATA) -> FrozenSet:
    """Return the frozen set; raise where one of it is missing, or is trained on."""
    path = data / FROZEN
    try:
        named = FrozenList.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise LabelledDataError(f"{path}: no list of what models are compared on; take the project's own") from error
    passages = {p.id: p for p in load_passages(codebook, data)}
    strategies = {row.file: row for row in load_strategies(data)}
    missing = [*(i for i in named.passages if i not in passages), *(f for f in named.strategies if f not in strategies)]
    if missing:
        raise LabelledDataError(f"{path}: names what is not in the data: {', '.join(missing[:5])}; put it back")
    splits = load_splits(data)
    if trained := [i for i in named.passages if splits[passages[i].group] == "train"]:
        raise LabelledDataError(
            f"{path}: names passages that are trained on: {', '.join(trained[:5])}; mend splits.json"
        )
    chosen = [passages[i] for i in named.passages]
    whole = [strategies[f] for f in named.strategies]
    digest = hashlib.sha256((data_digest(chosen) + data_digest(whole)).encode()).hexdigest()
    return FrozenSet(chosen, whole, data / "strategies", digest)


@dataclass(frozen=True, slots=True)
class Said:
    """What one model says of the frozen set: labels of passages, levels of strategies.

    `held_out` is strength by heads fitted on the same strategies without each one's authority, `own` strength by its own heads.
    """

    passages: Table
    held_out: Table
    own: Table
    tiers: dict[str, Table]


def ask(model: Artefact, frozen: FrozenSet) -> Said:
    """Return what a model says of the frozen set."""
    heads = model.heads
    probabilities = heads.scaling.probabilities(model.passages.logits([p.asked for p in frozen.passages]))
    read = read_strategies(frozen.strategies, frozen.directory, model.passages, heads.scaling, heads.labels)
    left_out, given = held_out(read), as_given(read, heads)
    return Said(
        (probabilities >= np.array(heads.scaling.thresholds)).astype(np.int64), _likeliest(left_out.strength),
        _likeliest(given.strength), {tier: _likeliest(found) for tier, (found, _) in left_out.tiers.items()},
    )  # fmt: skip


def _likeliest(probabilities: Sequence[NDArray[np.float64]]) -> Table:
    return np.array([int(p.argmax()) for p in probabilities])


def compare(before: Artefact, after: Artefact, frozen: FrozenSet, snapshot: Snapshot | None = None) -> GateReport:
    """Return the report on a model (`after`) beside the one in use (`before`), with its verdict."""
    labels = after.heads.labels
    targets = np.array([[int(label in p.labels) for label in labels] for p in frozen.passages])
    strengths = np.array([STRENGTHS.index(row.strength) for row in frozen.strategies])
    old, new = ask(before, frozen), ask(after, frozen)
    figures = [
        *_passage_figures(labels, targets, old.passages, new.passages),
        *_document_figures(frozen, strengths, old, new),
    ]
    return GateReport(
        model=after.id, against=before.id, frozen_set=frozen.digest, snapshot="" if snapshot is None else snapshot.id,
        corrections=0 if snapshot is None else snapshot.corrections, figures=figures,
        confusion_before=confusion(strengths, old.own, len(STRENGTHS)),
        confusion_after=confusion(strengths, new.own, len(STRENGTHS)), verdict=judge(figures),
    )  # fmt: skip


def _passage_figures(labels: Sequence[str], targets: Table, old: Table, new: Table) -> list[Compared]:
    quoted = [labels.index(label) for label in QUOTED if label in labels]

    def mean_f1(true: Table, given: Table) -> float:
        return float(np.mean([f1_of(true[:, i], given[:, i]) for i in quoted]))

    mean = compared(f"mean F1 of {len(quoted)} passage labels", mean_f1, targets, old, new, role="first")
    return [mean, *(compared(f"F1 of `{labels[i]}`", f1_of, targets[:, i], old[:, i], new[:, i]) for i in quoted)]


def _document_figures(frozen: FrozenSet, strengths: Table, old: Said, new: Said) -> list[Compared]:
    def kappa(true: Table, given: Table) -> float:
        return quadratic_kappa(true, given, len(STRENGTHS))

    name = "strength, quadratic kappa"
    found = [
        compared(f"{name}, each left out of the fit", kappa, strengths, old.held_out, new.held_out, role="second"),
        compared(f"{name}, by the model's own heads", kappa, strengths, old.own, new.own, role="second"),
    ]
    for tier, said in new.tiers.items():
        states = np.array([TIER_STATES.index(row.tiers[tier]) for row in frozen.strategies])  # type: ignore[index]
        found.append(compared(f"`{tier}`, share agreed", agreed, states, old.tiers[tier], said))
    return found


def compared(name: str, figure: Figure, true: Table, old: Table, new: Table, *, role: Role = "beside") -> Compared:
    """Return one figure of both models, and the interval of its gain: both are drawn together, so that what is hard is hard for both."""

    def gain(drawn: NDArray[np.int64]) -> float:
        return figure(true[drawn], new[drawn]) - figure(true[drawn], old[drawn])

    difference: Interval = bootstrap(gain, len(true), _RESAMPLES)
    before, after = round(figure(true, old), 4), round(figure(true, new), 4)
    return Compared(figure=name, items=len(true), before=before, after=after, difference=difference, role=role)


def pass_gate(folder: Path, *, against: Path | None = None, data: Path = DATA, tell: Tell) -> GateReport:
    """Compare a model with another, or the one in use beside it, write the report into its folder, and return it."""
    snapshot = Snapshot.model_validate_json((folder / LIST).read_bytes()) if (folder / LIST).is_file() else None
    current = named_current(folder.parent)
    other = against if against is not None else folder.parent / current if current is not None else None
    if other is None:
        report = first_report(folder.name, snapshot.id if snapshot else "", snapshot.corrections if snapshot else 0)
    else:
        after = load_artefact(folder)
        frozen = load_frozen(after.codebook, data)
        tell(f"comparing with {other.name} on {len(frozen.passages)} passages and {len(frozen.strategies)} strategies")
        report = compare(load_artefact(other), after, frozen, snapshot)
    write_report(folder, report)
    tell(f"{report.model} {'may take its place' if report.verdict.promoted else 'is refused'}: {'; '.join(report.verdict.reasons)}")  # fmt: skip
    return report


def write_report(folder: Path, report: GateReport) -> None:
    """Write a report into the model's folder as JSON and as Markdown, and bring the manifest up to date."""
    manifest = check_files(folder)
    (folder / REPORT).write_text(json.dumps(report.model_dump(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / REPORT_TEXT).write_text(report_text(report, STRENGTHS), encoding="utf-8")
    digests = {name: file_digest(folder / name) for name in (REPORT, REPORT_TEXT)}
    renewed = manifest.model_copy(update={"files": {**manifest.files, **digests}})
    (folder / MANIFEST).write_text(renewed.model_dump_json(indent=1) + "\n", encoding="utf-8")
