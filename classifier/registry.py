"""The models that lie in one folder: which is in use, what was in use before, and how that is changed.

`CURRENT` names the model in use and is replaced as a whole, so that a reader finds the old name or the new one. `history.jsonl` is
appended to, never changed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from classifier.artefact import MANIFEST, POINTER, Manifest, check_files, models_directory
from classifier.errors import ModelError
from classifier.gate import GateReport, load_report

HISTORY = "history.jsonl"


class Change(BaseModel):
    """The model in use was changed: to which, from which, when, by whom, why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    model: str
    before: str | None
    by: str
    why: str
    rolled_back: bool = False


class ListedModel(BaseModel):
    """A model of the folder, and what the gate said of it, if it was ever compared."""

    model_config = ConfigDict(frozen=True)

    id: str
    codebook_version: str
    in_use: bool
    gate: GateReport | None


def list_models(directory: Path | None = None) -> list[ListedModel]:
    """Return the models of a folder by their ids; folders that are no models are passed over."""
    folder = directory or models_directory()
    current = named_current(folder)
    found = []
    for path in sorted(folder.glob(f"*/{MANIFEST}")):
        manifest = Manifest.model_validate_json(path.read_bytes())
        found.append(
            ListedModel(
                id=manifest.id, codebook_version=manifest.codebook_version, in_use=path.parent.name == current,
                gate=load_report(path.parent),
            )
        )  # fmt: skip
    return found


def named_current(directory: Path) -> str | None:
    """Return the id of the model in use; None where no model is."""
    pointer = directory / POINTER
    return pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None


def promote(
    model: str, *, by: str, why: str = "promoted", anyway: bool = False, directory: Path | None = None
) -> Change:
    """Put a model into use, and write that down.

    Raise `ModelError` where it is not here, is altered, or, unless `anyway`, has not come through the gate against the one in use.
    """
    folder = directory or models_directory()
    target = _folder_of(folder, model)
    check_files(target)
    with _alone(folder):
        current = named_current(folder)
        if current == model:
            raise ModelError(f"{model}: is in use already; see `prevention models list`")
        if not anyway:
            _check_gate(target, current)
        return _change(folder, model, current, by, why)


def rollback(*, by: str, why: str = "rolled back", directory: Path | None = None) -> Change:
    """Put the model back into use that was there before the one in use; raise `ModelError` where there was none.

    Twice leads two models back, as far as the history goes.
    """
    folder = directory or models_directory()
    with _alone(folder):
        current = named_current(folder)
        before = _before(history(folder), current)
        if before is None:
            raise ModelError(
                f"{folder / HISTORY}: nothing was in use before {current}; name a model with `prevention models promote`"
            )
        check_files(_folder_of(folder, before))
        return _change(folder, before, current, by, why, rolled_back=True)


def history(directory: Path | None = None) -> list[Change]:
    """Return every change of the model in use, oldest first."""
    path = (directory or models_directory()) / HISTORY
    if not path.is_file():
        return []
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            found.append(Change.model_validate_json(line))
        except ValidationError as error:
            raise ModelError(f"{path}, line {number}: not a change of models; take the line out") from error
    return found


def _before(changes: Sequence[Change], current: str | None) -> str | None:
    """Return what was in use before, as the changes tell it that came into effect: the next one begins where such a one has led."""
    stack: list[str] = []
    for change, then in zip(changes, [*(later.before for later in changes[1:]), current], strict=True):
        if then != change.model:
            continue
        if change.rolled_back and stack:
            stack.pop()
        elif change.before is not None:
            stack.append(change.before)
    return stack[-1] if stack else None


def _folder_of(directory: Path, model: str) -> Path:
    # An id is a folder's name, and never a way out of the folder.
    if Path(model).name != model or not (directory / model / MANIFEST).is_file():
        known = ", ".join(sorted(path.parent.name for path in directory.glob(f"*/{MANIFEST}"))) or "none"
        raise ModelError(f"{model}: no such model in {directory}; there are: {known}")
    return directory / model


def _check_gate(folder: Path, current: str | None) -> None:
    report = load_report(folder)
    again = f"run `prevention models compare {folder.name}`"
    if report is None:
        raise ModelError(f"{folder.name}: was never compared with the model in use; {again}, or say --anyway")
    if current is not None and report.against != current:
        raise ModelError(
            f"{folder.name}: was compared with {report.against or 'no model'}, and {current} is in use now; {again}, or say --anyway"
        )
    if not report.verdict.promoted:
        raise ModelError(
            f"{folder.name}: the gate refused it: {'; '.join(report.verdict.reasons)}; correct more labels, or say --anyway"
        )


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the folder's lock: two who change the model at once do it one after the other."""
    try:
        held = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise ModelError(
            f"{directory}: no folder of models ({error.strerror}); name one with PREVENTION_MODELS"
        ) from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _change(
    directory: Path, model: str, before: str | None, by: str, why: str, *, rolled_back: bool = False
) -> Change:  # fmt: skip
    """Write the change down, then make it: what a crash leaves between the two names the old model, and that is in use."""
    change = Change(at=datetime.now(UTC), model=model, before=before, by=by, why=why, rolled_back=rolled_back)
    try:
        _write(directory / HISTORY, change.model_dump_json(), "a")
        draft = directory / f".{POINTER}.{os.getpid()}"
        _write(draft, model, "w")
        draft.replace(directory / POINTER)
    except OSError as error:
        raise ModelError(f"{directory}: cannot be written ({error.strerror}); name a folder of models that can be, with PREVENTION_MODELS") from error  # fmt: skip
    return change


def _write(path: Path, line: str, mode: str) -> None:
    with path.open(mode, encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
