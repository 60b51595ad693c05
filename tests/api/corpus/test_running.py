"""A run: every document has one result, whoever dies when, and nothing is worked out twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from api.corpus.owners import is_dead, this_owner
from api.corpus.planning import RunNotFoundError, RunStateError, change_run, plan_run
from api.corpus.running import Driver
from api.store.audit import COMMAND_LINE
from api.store.corpus import claim_shard, keep_shard, progress_of
from api.store.tables import (
    AuditEntry,
    CorpusItem,
    CorpusRun,
    CorpusShard,
    StoredDocument,
    StoredPassage,
    StoredPrediction,
)
from classifier.errors import ConfigurationError
from classifier.prediction import Prediction
from classifier.reading import read_document
from classifier.score import score_document
from tests.api.corpus.conftest import Corpus, StubEngine


def items(corpus: Corpus, run_id: str) -> dict[str, CorpusItem]:
    """Return a run's items by the documents' names."""
    with Session(corpus.engine, expire_on_commit=False) as session:
        rows = session.execute(
            select(StoredDocument.name, CorpusItem)
            .join(CorpusItem, CorpusItem.document_id == StoredDocument.id)
            .where(CorpusItem.run_id == run_id)
        )
        return dict(rows.tuples().all())


def test_every_document_has_one_result_as_scoring_it_alone_gives(corpus: Corpus) -> None:
    run_id = corpus.begin()
    scorer = corpus.scorer()
    assert corpus.drive(run_id, scorer).status == "finished"
    assert scorer.taken == [0, 1, 2]
    found = items(corpus, run_id)
    assert {name: item.status for name, item in found.items()} == {
        "Alder.pdf": "scored", "Birch.md": "scored", "Cedar.md": "scored", "Damson.md": "scored", "Elm.md": "scored", "broken.pdf": "failed",
    }  # fmt: skip
    assert found["broken.pdf"].error_code == "damaged_document"
    with Session(corpus.engine) as session:
        assert session.get_one(CorpusRun, run_id).finished is not None
        bodies = {row.document_id: row for row in session.scalars(select(StoredPrediction))}
        assert len(bodies) == 5
        for name in ("Alder.pdf", "Birch.md"):
            kept = bodies[found[name].document_id]
            alone = score_document(read_document(corpus.settings.data / "in" / name), corpus.stub)
            assert Prediction.model_validate_json(kept.body) == alone.model_copy(update={"model": kept.model_id})
            assert kept.strength == alone.strength.label == found[name].strength
            numbers = session.scalars(
                select(StoredPassage.number)
                .where(StoredPassage.reading_id == kept.reading_id)
                .order_by(StoredPassage.number)
            )
            assert list(numbers) == list(range(alone.document.passages))


def test_to_score_again_reads_no_file_and_makes_no_second_prediction(corpus: Corpus) -> None:
    corpus.drive(corpus.begin())
    for path in corpus.settings.files.rglob("*"):
        if path.is_file() and b"nothing else" not in path.read_bytes():
            path.unlink()
    again = corpus.begin()
    outcome = corpus.drive(again)
    # The one that could not be read is tried again; all others come from what is kept.
    assert outcome.seconds.keys() == {"strength", "reading"}
    assert sum(item.status == "scored" for item in items(corpus, again).values()) == 5
    with Session(corpus.engine) as session:
        assert len(session.scalars(select(StoredPrediction)).all()) == 5


def test_a_run_may_choose_its_documents(corpus: Corpus) -> None:
    assert items(corpus, corpus.begin(kind="stp")).keys() == {"broken.pdf"}
    assert items(corpus, corpus.begin(kind="jhws", year="2021")).keys() == {"Birch.md", "Damson.md"}
    corpus.drive(corpus.begin(authority="Cedar"))
    assert items(corpus, corpus.begin(state="unscored")).keys() == {"Alder.pdf", "Birch.md", "Damson.md", "Elm.md", "broken.pdf"}  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"kind=foi.*chooses no document"):
        corpus.begin(kind="foi")
    with pytest.raises(ConfigurationError, match="--model none-such: no such model"):
        plan_run(corpus.engine, COMMAND_LINE, "none-such", {}, 2)


class Dying(StubEngine):
    """Ends in the middle of the run, after a shard was scored and before it was kept."""

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        for number, found in enumerate(super().results(tasks)):
            if number == 1:
                raise KeyboardInterrupt
            yield found


def test_what_was_under_way_is_done_again_and_nothing_else(corpus: Corpus) -> None:
    run_id = corpus.begin()
    first = corpus.scorer()
    dying = Dying(first.parts, first.cache)
    with pytest.raises(KeyboardInterrupt):
        corpus.drive(run_id, dying)
    assert dying.taken == [0, 1]
    second = corpus.scorer()
    assert corpus.drive(run_id, second).status == "finished"
    assert second.taken == [1, 2]
    with Session(corpus.engine) as session:
        assert progress_of(session, run_id).repeated == 1


def test_a_lease_of_a_dead_process_need_not_run_out(corpus: Corpus) -> None:
    dead = subprocess.run(
        [sys.executable, "-c", "from api.corpus.owners import this_owner; print(this_owner())"], capture_output=True, text=True, check=True
    ).stdout.strip()  # fmt: skip
    assert is_dead(dead)
    assert not is_dead(this_owner())
    assert not is_dead("elsewhere 1 2 3")
    run_id = corpus.begin()
    with Session(corpus.engine) as session, session.begin():
        assert claim_shard(session, run_id, dead) == (0, 1)
        assert claim_shard(session, run_id, "elsewhere 1 2 3") == (1, 1)
        session.execute(update(CorpusShard).where(CorpusShard.number == 1).values(leased_until=1.0))
    scorer = corpus.scorer()
    assert corpus.drive(run_id, scorer).status == "finished"
    assert sorted(scorer.taken) == [0, 1, 2]


def test_what_comes_back_after_its_lease_was_lost_is_not_kept(corpus: Corpus) -> None:
    run_id = corpus.begin()
    with Session(corpus.engine) as session, session.begin():
        claim_shard(session, run_id, "slow")
        session.execute(update(CorpusShard).values(leased_until=1.0))
        assert claim_shard(session, run_id, "quick") == (0, 2)
        assert not keep_shard(session, run_id, 0, "slow", [], 1.0)
        assert keep_shard(session, run_id, 0, "quick", [], 1.0)
        assert not keep_shard(session, run_id, 0, "quick", [], 1.0)


class Pausing(StubEngine):
    """Has the run paused while its first shard is under way."""

    corpus: Corpus
    run_id: str

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        for found in super().results(tasks):
            change_run(self.corpus.engine, COMMAND_LINE, self.run_id, "pause")
            yield found


def test_a_paused_run_keeps_what_is_under_way_and_goes_on_later(corpus: Corpus) -> None:
    run_id = corpus.begin()
    first = corpus.scorer()
    pausing = Pausing(first.parts, first.cache)
    pausing.corpus, pausing.run_id = corpus, run_id
    assert corpus.drive(run_id, pausing).status == "paused"
    assert pausing.taken == [0]
    assert corpus.drive(run_id).status == "paused"
    assert change_run(corpus.engine, COMMAND_LINE, run_id, "resume") == "running"
    assert change_run(corpus.engine, COMMAND_LINE, run_id, "resume") == "running"
    later = corpus.scorer()
    assert corpus.drive(run_id, later).status == "finished"
    assert later.taken == [1, 2]
    with pytest.raises(RunStateError, match="is finished"):
        change_run(corpus.engine, COMMAND_LINE, run_id, "pause")
    with pytest.raises(RunNotFoundError, match="no run has this id"):
        change_run(corpus.engine, COMMAND_LINE, "run_0", "pause")
    with Session(corpus.engine) as session:
        logged = session.scalars(select(AuditEntry.action).filter_by(subject=run_id).order_by(AuditEntry.id)).all()
    assert logged == ["run.begun", "run.paused", "run.resumed"]


class Breaking(StubEngine):
    """A pool whose worker ends at one shard, whenever it is tried."""

    def results(self, tasks: Iterator[str]) -> Iterator[str]:
        for text_ in tasks:
            if json.loads(text_)["number"] == 1:
                raise BrokenProcessPool("a process ended")
            yield from super().results(iter([text_]))


def test_a_shard_that_ends_its_workers_is_given_up_and_the_others_are_scored(corpus: Corpus) -> None:
    run_id = corpus.begin()
    scorer = corpus.scorer()
    driver = Driver(corpus.engine, corpus.settings, run_id, Breaking(scorer.parts, scorer.cache))
    with Session(corpus.engine) as session, session.begin():
        session.execute(update(CorpusShard).where(CorpusShard.number == 1).values(attempts=19))
    assert driver.drive().status == "finished"
    with corpus.engine.connect() as connection:
        codes = connection.execute(text("SELECT shard, error_code FROM corpus_items ORDER BY shard")).all()
    assert [code for shard, code in codes if shard == 1] == ["gave_up", "gave_up"]
    assert sum(code is None for _, code in codes) == 3
