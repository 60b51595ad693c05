"""Runs begun, paused and taken up again, each written into the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from api.store.audit import record
from api.store.corpus import RunPlan, begin_run, set_status
from api.store.keys import Caller
from api.store.tables import CorpusRun
from classifier.artefact import MODELS_DIRECTORY, check_files, current_model
from classifier.errors import ConfigurationError, PreventionError
from classifier.passages import EXTRACTION


class RunNotFoundError(PreventionError):
    """No run has this id."""


class RunStateError(PreventionError):
    """A run is not in the state that a change asks for."""


def model_folder(named: str | None) -> Path:
    """Return the folder of a model that is named by its folder or its id; without a name, the model in use."""
    here = current_model().resolve()
    if named is None:
        return here
    for folder in (here.parent / named, MODELS_DIRECTORY / named, Path(named)):
        if folder.is_dir():
            return folder.resolve()
    at_hand = sorted(path.name for path in MODELS_DIRECTORY.iterdir() if path.is_dir())
    raise ConfigurationError(f"--model {named}: no such model; name a folder, or one of: {', '.join(at_hand)}")


def plan_run(
    database: Engine,
    caller: Caller,
    model: str | None,
    only: Mapping[str, str],
    shard_size: int,
    request_id: str | None = None,
) -> tuple[str, int]:
    """Write a run down, to be carried out by whoever drives it; return its id and the number of its documents."""
    folder = model_folder(model)
    manifest = check_files(folder)
    plan = RunPlan(manifest.id, manifest.codebook_version, str(folder), EXTRACTION, only, shard_size)
    with Session(database) as session, session.begin():
        run = begin_run(session, plan, caller.id)
        if run.documents == 0:
            raise ConfigurationError(
                f"--only {' '.join(f'{k}={v}' for k, v in only.items())}: chooses no document; `prevention corpus add` adds some"
            )
        record(
            session, caller, "run.begun", run.id, request_id=request_id,
            after={"model_id": plan.model_id, "only": dict(only), "documents": run.documents},
        )  # fmt: skip
        return run.id, run.documents


def change_run(
    database: Engine, caller: Caller, run_id: str, change: Literal["pause", "resume"], request_id: str | None = None
) -> str:
    """Pause a run, or have it go on; return its state now. To do so twice changes nothing."""
    before, after = ("running", "paused") if change == "pause" else ("paused", "running")
    with Session(database) as session, session.begin():
        run = session.get(CorpusRun, run_id)
        if run is None:
            raise RunNotFoundError(f"{run_id}: no run has this id; list them with `prevention corpus runs`")
        if run.status == "finished":
            raise RunStateError(f"{run_id}: is finished; begin another with `prevention corpus rescore`")
        if set_status(session, run_id, before, after):
            record(session, caller, f"run.{change}d", run_id, before={"status": before}, after={"status": after}, request_id=request_id)  # fmt: skip
        return after
