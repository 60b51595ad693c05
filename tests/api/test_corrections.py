"""What people say leaves the store once, whatever happens between: no word is lost, none is trained on as new twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.corrections import export_corrections
from api.store.adjudications import Decision, decide, find_coded
from api.store.files import Files
from api.store.keys import Caller
from api.store.leases import finish_lease, take_lease
from api.store.tables import Adjudication, Annotation, StoredDocument
from classifier.codebook import Codebook
from tests.api.store.filled import PASSAGE, add_document, say
from tests.api.store.test_leases import ADA, DOUBLE, EDDA, OTTO
from tests.training.little import write_little_data
from training.corrections import load_corrections, settle, training_data
from training.snapshots import list_snapshots, take_snapshot


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_little_data(tmp_path / "data", train=6, others=3, each=1)


def keep(session: Session, files: Files, name: str) -> str:
    """Add a document with its file."""
    document = add_document(session, name)
    session.get_one(StoredDocument, document).digest = files.keep(f"# Plan {name}\n".encode())
    session.flush()
    return document


def word_count(engine: Engine) -> int:
    """Count annotations and decisions."""
    with Session(engine) as session:
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in (Annotation, Adjudication))


def test_what_was_said_and_decided_is_trained_on(engine: Engine, files: Files, data: Path, codebook: Codebook) -> None:
    with Session(engine) as session, session.begin():
        document = keep(session, files, "one")
        for who, strength, labels in ((ADA, "weak", ("tertiary",)), (EDDA, "strong", ())):
            take_lease(session, who, document, DOUBLE, None)
            finish_lease(session, who.id, document, say(session, who, document, passages=labels, strength=strength).id)
    first = export_corrections(engine, files, data / "corrections")
    assert (first.new, len(first.files), first.documents) == (4, 1, 1)
    rows = load_corrections(data)
    assert {(row.name, row.authority, row.codebook) for row in rows} == {("one.md", "Saltmarsh", "1.0")}
    assert {(row.text, row.heading) for row in rows if row.passage} == {("Reablement in one.", "Home again")}
    assert len(settle(rows, "1.0").open) == 2, "two differ, and nobody has decided"
    assert not training_data(codebook, data).documents

    with Session(engine) as session, session.begin():
        coded = find_coded(session, document)
        assert coded is not None
        decide(session, OTTO, coded, Decision({"strength": "neither"}, {PASSAGE: ["tertiary"]}, None, 0, "1.0"), None)
    assert export_corrections(engine, files, data / "corrections").new == 1
    found = training_data(codebook, data)
    assert [row.strength for row in found.documents] == ["neither"]
    assert (data / "strategies" / found.documents[0].file).read_bytes() == b"# Plan one\n"
    assert [p.labels for p in found.passages if p.origin == "corrected"] == [["tertiary"]]
    assert not found.open
    assert export_corrections(engine, files, data / "corrections").files == []


def test_an_export_that_a_crash_left_unwritten_is_written_by_the_next(
    engine: Engine, files: Files, tmp_path: Path
) -> None:
    with Session(engine) as session, session.begin():
        say(session, ADA, keep(session, files, "one"), strength="weak")
    whole = export_corrections(engine, files, tmp_path / "whole").files[0]
    lost = export_corrections(engine, files, tmp_path / "other")
    assert (lost.new, [file.name for file in lost.files]) == (0, [whole.name])
    assert lost.files[0].read_bytes() == whole.read_bytes()


def test_of_many_at_once_every_word_is_new_in_exactly_one_snapshot(engine: Engine, files: Files, data: Path) -> None:
    with Session(engine) as session, session.begin():
        documents = [keep(session, files, f"many{n}") for n in range(3)]

    def annotate(who: int) -> None:
        for n in range(12):
            with Session(engine) as session, session.begin():
                say(session, (ADA, EDDA)[who], documents[n % 3], strength="weak", passages=("tertiary",))

    def export() -> None:
        for _ in range(6):
            export_corrections(engine, files, data / "corrections")

    def snap() -> None:
        for _ in range(4):
            take_snapshot(data)

    _all_at_once(lambda: annotate(0), lambda: annotate(1), export, export, snap, snap)
    _check_each_once(engine, files, data, 48)


@pytest.mark.parametrize("rounds", [40, pytest.param(1000, marks=pytest.mark.drill)])
def test_two_annotators_on_one_item_in_many_orders_lose_nothing(
    rounds: int, engine: Engine, files: Files, data: Path
) -> None:
    """Each round: two take one document and label it, and somebody exports and trains in between, in an order drawn by chance."""
    dice = random.Random(11)
    for number in range(rounds):
        with Session(engine) as session, session.begin():
            document = keep(session, files, f"round{number}")
        steps = _steps(engine, files, data, document)
        dice.shuffle(steps)
        for step in steps:
            step()
        if dice.random() < 0.1:
            take_snapshot(data)
    _check_each_once(engine, files, data, rounds * 2)


def _steps(engine: Engine, files: Files, data: Path, document: str) -> list[Callable[[], object]]:
    """Return what two people and an export do about one document, to be done in any order."""

    def take(who: Caller) -> None:
        with Session(engine) as session, session.begin():
            take_lease(session, who, document, DOUBLE, None)

    def label(who: Caller) -> None:
        with Session(engine) as session, session.begin():
            finish_lease(session, who.id, document, say(session, who, document, strength="weak").id)

    def export() -> None:
        export_corrections(engine, files, data / "corrections")

    return [partial(take, ADA), partial(take, EDDA), partial(label, ADA), partial(label, EDDA), export]


def _all_at_once(*work: Callable[[], None]) -> None:
    faults: list[BaseException] = []

    def run(do: Callable[[], None]) -> None:
        try:
            do()
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=run, args=(do,)) for do in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults


def _check_each_once(engine: Engine, files: Files, data: Path, words: int) -> None:
    export_corrections(engine, files, data / "corrections")
    take_snapshot(data)
    assert word_count(engine) == words
    new = [i for snapshot in list_snapshots(data) for i in snapshot.new_corrections]
    assert len(new) == len(set(new)) == words
    with Session(engine) as session:
        assert set(new) == set(session.scalars(select(Annotation.id)))
