"""A year's tables put together: by kind of document, by region, beside the year before, and with the model's error taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.codebook import STRENGTHS, Codebook
from classifier.report.words import STRENGTH_WORDS
from classifier.tables.changes import Change, Pair, changes_of, paired_changes_of, pairs_of
from classifier.tables.correction import YES_NO, Corrected, Evaluation, corrected
from classifier.tables.distributions import answer_words, tables_of
from classifier.tables.drift import Drift, drift_of
from classifier.tables.figures import Table
from classifier.tables.printed import Printed, with_discrepancies
from classifier.tables.regions import authorities_in, region_table
from classifier.tables.rows import LabelledRow, kind_words, kinds_of, once_per_family

_MOST_NOTES = 50


@dataclass(frozen=True, slots=True)
class KindReport:
    """Everything about one kind of document."""

    kind: str
    rows: tuple[LabelledRow, ...]
    tables: tuple[Table, ...]
    corrected: tuple[Corrected, ...]
    changes: tuple[Change, ...]
    paired: tuple[Change, ...]
    pairs: int
    before: int

    @property
    def title(self) -> str:
        return kind_words(self.kind)

    @property
    def authorities(self) -> int:
        """Count the authorities whose documents they are; a strategy that two share is of both."""
        return len({key for row in self.rows for key in authorities_in(row.authority)})

    @property
    def confirmed(self) -> int:
        """Count the documents whose strength a person gave."""
        return sum(row.source("strength") == "human" for row in self.rows)


@dataclass(frozen=True, slots=True)
class YearReport:
    """The year's tables. `notes` say what was left out, and what a reader has to know."""

    year: int | None
    year_before: int | None
    rows: tuple[LabelledRow, ...]
    kinds: tuple[KindReport, ...]
    drift: tuple[Drift, ...]
    models: tuple[str, ...]
    notes: tuple[str, ...]
    measured_on: int = 0

    @property
    def first_notes(self) -> list[str]:
        """Return what a reader is shown of the notes; the formats with every document hold all of them."""
        more = len(self.notes) - _MOST_NOTES
        return [
            *self.notes[:_MOST_NOTES],
            *([f"… and {more:,} more notes: json and xlsx hold them all"] if more > 0 else []),
        ]

    @property
    def compares(self) -> bool:
        """Tell whether a year before was given."""
        return any(kind.before for kind in self.kinds)


def year_report(
    rows: Sequence[LabelledRow], codebook: Codebook, *, before: Sequence[LabelledRow] = (), evaluation: Evaluation | None = None,
    printed: Printed | None = None, notes: Sequence[str] = (),
) -> YearReport:  # fmt: skip
    """Put the year's tables together."""
    kept, left_out = once_per_family(rows)
    old, old_left_out = once_per_family(before)
    said = [*notes, *left_out, *old_left_out, *_readers(kept, old)]
    kinds: list[KindReport] = []
    drifts: list[Drift] = []
    for kind in kinds_of(kept):
        these, those = ([row for row in side if row.kind == kind] for side in (kept, old))
        pairs, told = pairs_of(those, these)
        said += told
        kinds.append(_kind(kind, these, those, pairs, codebook, evaluation, printed))
        if (drift := drift_of(kind, those, these, pairs)) is not None:
            drifts.append(drift)
    models = tuple(sorted({row.model for row in kept if row.model}))
    measured = evaluation.documents if evaluation is not None else 0
    return YearReport(
        _year(kept), _year(old), tuple(kept), tuple(kinds), tuple(drifts), models, tuple(dict.fromkeys(said)), measured
    )


def _readers(now: Sequence[LabelledRow], before: Sequence[LabelledRow]) -> list[str]:
    """Say where part of a change may come from another reader instead of other documents."""
    if not before:
        return []
    models, people = zip(*(_who(rows) for rows in (now, before)), strict=True)
    notes = []
    if models[0] and models[1] and models[0] != models[1]:
        said = f"{', '.join(sorted(models[1]))} before, {', '.join(sorted(models[0]))} now"
        notes.append(f"The two years were read by different models ({said}): part of any change may be theirs")
    if people[0] != people[1]:
        notes.append(
            "People gave the labels of one year and a model those of the other: part of any change may be the reader's"
        )
    elif not all(people):
        notes.append(
            "Changes are between a model's raw figures: its mistakes cancel only as far as it makes the same ones in both years"
        )
    return notes


def _who(rows: Sequence[LabelledRow]) -> tuple[frozenset[str], bool]:
    """Return the models that proposed strengths, and whether people gave most of them."""
    told = [row.source("strength") for row in rows if row.level("strength")]
    return frozenset(row.model for row in rows if row.model and row.source("strength") == "model"), 2 * told.count(
        "human"
    ) >= len(told)


def _kind(
    kind: str, rows: list[LabelledRow], before: list[LabelledRow], pairs: list[Pair],
    codebook: Codebook, evaluation: Evaluation | None, printed: Printed | None,
) -> KindReport:  # fmt: skip
    tables = [*tables_of(rows, codebook)]
    if (regional := region_table(rows)).shares:
        tables.append(regional)
    if printed is not None:
        tables = [with_discrepancies(table, kind, printed) for table in tables]
    return KindReport(
        kind, tuple(rows), tuple(tables), tuple(_corrected(rows, codebook, evaluation)) if evaluation else (),
        tuple(changes_of(before, rows, codebook)), tuple(paired_changes_of(pairs, codebook)), len(pairs), len(before),
    )  # fmt: skip


def _corrected(rows: list[LabelledRow], codebook: Codebook, evaluation: Evaluation) -> list[Corrected]:
    """Return corrected figures for strength, and for the yes of every criterion whose error was measured and that a model answered."""
    found = _one_corrected(
        rows, "strength", STRENGTHS, [STRENGTH_WORDS[s].capitalize() for s in STRENGTHS], evaluation
    )[::-1]
    for criterion in codebook.part("A3", "A4", "A6"):
        if set(criterion.levels) == set(YES_NO):
            found += _one_corrected(rows, criterion.key, YES_NO, ("", answer_words(criterion)), evaluation)[1:]
    return found


def _one_corrected(
    rows: list[LabelledRow], key: str, levels: Sequence[str], words: Sequence[str], evaluation: Evaluation
) -> list[Corrected]:
    confusion = evaluation.confusion(key)
    left = _counts([row.proposed.get(key) for row in rows if key not in row.confirmed], levels)
    if confusion is None or not sum(left):
        return []
    raw = _counts([row.proposed.get(key) for row in rows], levels)
    held = _counts([row.confirmed.get(key) for row in rows], levels)
    return corrected(key, levels, words, raw, left, held, np.asarray(confusion))


def _counts(values: Sequence[str | None], levels: Sequence[str]) -> list[int]:
    counted = Counter(values)
    return [counted[level] for level in levels]


def _year(rows: Sequence[LabelledRow]) -> int | None:
    """Return the year that most of the rows have."""
    counted = Counter(row.year for row in rows if row.year is not None)
    return max(counted, key=lambda year: (counted[year], year)) if counted else None
