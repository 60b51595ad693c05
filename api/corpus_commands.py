"""`prevention corpus`: many documents at once, on the machine itself."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.command_line import DataOption, opened
from classifier.errors import ConfigurationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from api.settings import Settings
    from api.store.corpus import RunProgress

corpus = typer.Typer(help="Add documents, score all of them again, and see what has changed.", no_args_is_help=True)

# Rows that are committed together: enough that the disk is not waited for at each, few enough that little is lost.
_ROWS = 50
RunArgument = Annotated[str, typer.Argument(help="The run's id, as `prevention corpus runs` lists it.")]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=0, help="Processes that score; by default one for each processor, 0 for none beside this one."),
]


class EngineName(StrEnum):
    """Where shards are scored."""

    local = "local"
    ray = "ray"


class ComparisonFormat(StrEnum):
    """How a comparison is written."""

    text = "text"
    json = "json"


EngineOption = Annotated[EngineName, typer.Option("--engine", help="Processes of this machine, or a Ray cluster.")]
AddressOption = Annotated[str | None, typer.Option(help="The Ray cluster's address, such as 10.0.0.1:6379.")]


@corpus.command("add")
def add(
    source: Annotated[str, typer.Argument(help="A folder, a manifest.csv, or a URL such as s3://bucket/strategies.")],
    leave: Annotated[
        bool, typer.Option("--leave", help="Leave the files where they are, instead of copying them into the store.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Add documents, with what a manifest says of them: columns `file`, `authority`, `authority_code`, `kind`, `year`, `year_end`, `source_url`.

    Exit status: 0 when every row was taken in, 1 when one or more were not, 2 when the call itself is wrong.
    """
    with opened(data) as (engine, settings):
        from sqlalchemy.orm import Session

        from api.corpus.adding import Fault, ManifestRow, add_documents, manifest_rows
        from api.store.audit import COMMAND_LINE
        from api.store.files import Files

        counts = {"new": 0, "known": 0, "refused": 0}

        def refuse(fault: Fault) -> None:
            counts["refused"] += 1
            typer.echo(f"prevention: {fault.row}: {fault.reason}", err=True)

        def keep(rows: list[ManifestRow]) -> None:
            with Session(engine) as session, session.begin():
                found = list(
                    add_documents(
                        session, Files(settings.files), COMMAND_LINE, rows, leave=leave, max_mb=settings.max_upload_mb
                    )
                )
            for one in found:
                if isinstance(one, Fault):
                    refuse(one)
                else:
                    counts["new" if one.new else "known"] += 1

        waiting: list[ManifestRow] = []
        for row in manifest_rows(source):
            if isinstance(row, Fault):
                refuse(row)
                continue
            waiting.append(row)
            if len(waiting) == _ROWS:
                keep(waiting)
                waiting = []
        keep(waiting)
    typer.echo(f"{counts['new']} new, {counts['known']} known before, {counts['refused']} refused")
    raise typer.Exit(1 if counts["refused"] else 0)


@corpus.command("rescore")
def rescore(
    model: Annotated[
        str | None,
        typer.Option(help="A model's id, or its folder; by default the one in use.", envvar="PREVENTION_MODEL"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="kind=, year=, authority=, authority_code= or state=unscored; several must all hold."),
    ] = None,
    shard_size: Annotated[int, typer.Option(min=1, max=1000, help="Documents that are scored and kept together.")] = 10,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.local,
    address: AddressOption = None,
    start: Annotated[
        bool, typer.Option("--start/--no-start", help="Only write the run down; `resume` starts it.")
    ] = True,
    data: DataOption = None,
) -> None:
    """Score every document of the corpus with one model; print the run's id on the first line, and how it ended on the last."""
    with opened(data) as (database, settings):
        from api.corpus.adding import parse_only
        from api.corpus.planning import plan_run
        from api.store.audit import COMMAND_LINE

        run_id, documents = plan_run(database, COMMAND_LINE, model, parse_only(only or []), shard_size)
        typer.echo(f"{run_id}  {documents} {'document' if documents == 1 else 'documents'}")
        if start:
            _drive(database, settings, run_id, engine, address, workers)


@corpus.command("resume")
def resume(
    run_id: RunArgument,
    workers: WorkersOption = None,
    engine: EngineOption = EngineName.local,
    address: AddressOption = None,
    data: DataOption = None,
) -> None:
    """Go on with a run that was paused or whose process has ended; on PostgreSQL several may work on one run."""
    with opened(data) as (database, settings):
        from api.corpus.planning import change_run
        from api.store.audit import COMMAND_LINE

        change_run(database, COMMAND_LINE, run_id, "resume")
        _drive(database, settings, run_id, engine, address, workers)


@corpus.command("pause")
def pause(run_id: RunArgument, data: DataOption = None) -> None:
    """Have whoever works on a run stop after the shards under way."""
    with opened(data) as (database, _):
        from api.corpus.planning import change_run
        from api.store.audit import COMMAND_LINE

        change_run(database, COMMAND_LINE, run_id, "pause")
    typer.echo(f"{run_id}: paused; go on with `prevention corpus resume {run_id}`")


@corpus.command("runs")
def runs(data: DataOption = None) -> None:
    """List runs, newest first: id, state, how far each has come, and its model."""
    with opened(data) as (database, _):
        from sqlalchemy.orm import Session

        from api.store.corpus import list_runs, progress_of

        with Session(database) as session:
            for run in list_runs(session, 1000):
                typer.echo(f"{run.id}  {run.status}  {_said(progress_of(session, run.id))}  {run.model_id}  {run.only}")


@corpus.command("compare")
def compare(
    before: Annotated[str, typer.Argument(help="The earlier run's id.")],
    after: Annotated[str, typer.Argument(help="The later run's id.")],
    output_format: Annotated[ComparisonFormat, typer.Option("--format", help="Text, or JSON.")] = ComparisonFormat.text,
    data: DataOption = None,
) -> None:
    """Show what changed between two runs: old against new strengths, every flip with its evidence, and what people confirmed."""
    with opened(data) as (database, _):
        import json

        from sqlalchemy.orm import Session

        from api.corpus.comparison import compare_runs
        from api.corpus.report import comparison_text

        with Session(database) as session:
            found = compare_runs(session, before, after)
    if output_format is ComparisonFormat.json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        typer.echo(comparison_text(found), nl=False)


@corpus.command("release")
def release(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it must not exist yet.")],
    run_id: Annotated[str, typer.Option("--run", help="The finished run to release.")],
    data: DataOption = None,
) -> None:
    """Write a run as a frozen folder that can be cited: documents, digests, model, codebook, labels and who confirmed them."""
    with opened(data) as (database, _):
        from sqlalchemy.orm import Session

        from api.corpus.release import release_corpus

        with Session(database) as session:
            made = release_corpus(session, run_id, folder)
    typer.echo(f"{folder}: {made.id}, {made.documents} documents, {made.annotations} annotations by people")


@corpus.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="The folder of a release.")],
    data: DataOption = None,
) -> None:
    """Check every digest of a release and bring it into the store, as a run that others can be compared with."""
    with opened(data) as (database, _):
        from sqlalchemy.orm import Session

        from api.corpus.imports import import_release
        from api.store.audit import COMMAND_LINE

        with Session(database) as session, session.begin():
            found = import_release(session, COMMAND_LINE, folder)
    typer.echo(f"{found.run_id}  {found.documents} documents, {found.new_documents} of them new; {found.new_annotations} new annotations")  # fmt: skip


def _said(progress: RunProgress) -> str:
    done = progress.scored + progress.failed
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{done} of {done + progress.waiting} documents{failed}"


def _drive(
    database: Engine, settings: Settings, run_id: str, engine: EngineName, address: str | None, workers: int | None
) -> None:
    import time

    from rich.console import Console

    from api.corpus.engines import LocalEngine, RayEngine
    from api.corpus.running import Driver

    if address is not None and engine is not EngineName.ray:
        raise ConfigurationError(f"--address {address}: is that of a Ray cluster; add --engine ray")
    chosen = RayEngine(address, workers) if engine is EngineName.ray else LocalEngine(_count(workers))
    console = Console(stderr=True)
    begun = time.monotonic()

    def tell(progress: RunProgress) -> None:
        if console.is_terminal:
            console.print(_said(progress), end="\r", highlight=False)

    driver = Driver(database, settings, run_id, chosen)
    outcome = driver.drive(tell)
    spent = time.monotonic() - begun
    parts = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in outcome.seconds.items())
    typer.echo(f"{run_id}  {outcome.status}  {_said(driver.progress())}  {spent:.1f} s{f' ({parts})' if parts else ''}")


def _count(workers: int | None) -> int:
    return len(os.sched_getaffinity(0)) if workers is None else workers
