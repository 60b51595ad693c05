"""What a new model was compared on with the one in use, and whether it may take its place: written by training, read by everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.agreement import Interval
from classifier.errors import ModelError

REPORT, REPORT_TEXT = "gate.json", "gate.md"
# `first` must be no worse, and at the lower end of its interval have lost no more than this; `second` may be worse within this; none may
# be surely worse. Strength is told from fewer documents than there are passages, so its intervals are wider.
Role = Literal["first", "second", "beside"]
TOLERANCES: dict[Role, float] = {"first": 0.03, "second": 0.06}


class Compared(BaseModel):
    """One figure of both models on the same items. `difference` is after minus before, turned so that more is better, from paired resamples."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str
    items: int
    before: float
    after: float
    difference: Interval
    role: Role = "beside"
    better: Literal["higher", "lower"] = "higher"


class Verdict(BaseModel):
    """Whether a model may take the place of another, and why, in sentences."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    promoted: bool
    reasons: list[str]


class GateReport(BaseModel):
    """A comparison on the frozen set that two people have read: figures, confusion of strength before and after, verdict."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    against: str | None
    frozen_set: str
    snapshot: str
    corrections: int
    figures: list[Compared]
    # Rows are the label given by hand, columns the model's.
    confusion_before: list[list[int]]
    confusion_after: list[list[int]]
    verdict: Verdict


def judge(figures: Sequence[Compared]) -> Verdict:
    """Return whether figures let a model take the place of the one that it was compared with.

    It is refused where any figure is surely worse, where the first is worse or may have lost more than is tolerated, and where a second
    is worse and may have lost more than is tolerated.
    """
    refused = [reason for figure in figures if (reason := _against(figure)) is not None]
    if refused:
        return Verdict(promoted=False, reasons=refused)
    better = [figure for figure in figures if figure.difference.low > 0]
    won = [f"{_told(figure)}: surely better" for figure in better]
    return Verdict(promoted=True, reasons=won or ["none is surely worse, and none surely better"])


def _against(figure: Compared) -> str | None:
    found = figure.difference
    if found.high < 0:
        return f"{_told(figure)}: the whole interval is a loss"
    if figure.role == "first" and found.value < 0:
        return f"{_told(figure)}: worse, and this figure comes first"
    tolerated = TOLERANCES.get(figure.role)
    if tolerated is not None and found.low < -tolerated and (figure.role == "first" or found.value < 0):
        return f"{_told(figure)}: the loss may be larger than {tolerated}; more labels that two people agree on tell better"
    return None


def _told(figure: Compared) -> str:
    low, high = figure.difference.low, figure.difference.high
    return (
        f"{figure.figure} {figure.before:.3f} → {figure.after:.3f} (gain {figure.difference.value:+.3f}, "
        f"95 % {low:+.3f} to {high:+.3f}, {figure.items} items)"
    )


def first_report(model: str, snapshot: str, corrections: int) -> GateReport:
    """Return the report of a model that nothing is in use beside."""
    verdict = Verdict(promoted=True, reasons=["no model is in use to compare with"])
    return GateReport(
        model=model, against=None, frozen_set="", snapshot=snapshot, corrections=corrections, figures=[],
        confusion_before=[], confusion_after=[], verdict=verdict,
    )  # fmt: skip


def load_report(folder: Path) -> GateReport | None:
    """Return the report in a model folder; None where it has never been compared."""
    path = folder / REPORT
    if not path.is_file():
        return None
    try:
        return GateReport.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ModelError(
            f"{path}: not a gate report ({error.errors()[0]['msg']}); run `prevention models compare {folder.name}`"
        ) from error


def report_text(report: GateReport, strengths: Sequence[str]) -> str:
    """Return a report in Markdown."""
    decided = "may take its place" if report.verdict.promoted else "is refused"
    rows = [
        f"| {f.figure} | {f.role} | {f.items} | {f.before:.3f} | {f.after:.3f} | "
        f"{f.difference.value:+.3f} ({f.difference.low:+.3f} to {f.difference.high:+.3f}) |"
        for f in report.figures
    ]
    reasons = "\n".join(f"- {reason}" for reason in report.verdict.reasons)
    table = "\n".join(
        ["| figure | role | items | before | after | gain (95 % interval) |", "|---|---|---|---|---|---|", *rows]
    )
    confusions = "\n\n".join(
        f"{title}\n\n{_confusion(found, strengths)}"
        for title, found in (("Before:", report.confusion_before), ("After:", report.confusion_after))
        if found
    )
    return f"""# {report.model} {decided}

Compared with `{report.against or "nothing"}` on passages and strategies that two people have read and neither model was trained on
(set `{report.frozen_set[:12] or "none"}`). Data snapshot `{report.snapshot or "none"}`, corrections in it: {report.corrections}.

{reasons}

{table}

The first figure must be no worse, and at the lower end of its interval have lost no more than {TOLERANCES["first"]}; a second that
is worse no more than {TOLERANCES["second"]}. Any figure refuses the model where its whole interval is a loss.

## Strength, label given by hand (rows) and by the model (columns)

{confusions}
"""


def _confusion(table: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    rows = [f"| {name} | {' | '.join(map(str, row))} |" for name, row in zip(names, table, strict=True)]
    return "\n".join([f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}", *rows])
