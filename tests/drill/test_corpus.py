"""A corpus scored while its driver is killed again and again, and on a Ray cluster that loses a node: every document has exactly one result.

PREVENTION_TEST_PDFS says how many documents of 10 to 80 pages, PREVENTION_TEST_DRIVER_KILLS how often the driver is killed.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from api.corpus.engines import LocalEngine, RayEngine
from api.corpus.planning import plan_run
from api.corpus.running import Driver
from api.settings import Settings, load_settings
from api.store.audit import COMMAND_LINE
from api.store.database import migrate, open_database
from tests.api.databases import BACKENDS, database_url
from tests.drill.corpus import write_corpus

pytestmark = [pytest.mark.drill, pytest.mark.timeout(6 * 3600)]

_DOCUMENTS = int(os.environ.get("PREVENTION_TEST_PDFS", "60"))
_KILLS = int(os.environ.get("PREVENTION_TEST_DRIVER_KILLS", "5"))
_WORKERS = 2
_PROGRAM = "from classifier.commands import main; main()"


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "in"
    write_corpus(folder, _DOCUMENTS)
    return folder


class Store:
    """A store on either database, used by the command line and beside it."""

    def __init__(self, data: Path, url: str | None) -> None:
        data.mkdir()
        self.environment = {**os.environ, **({"PREVENTION_DATABASE_URL": url} if url is not None else {})}
        self.settings: Settings = load_settings(data=data, database_url=url)
        self.engine: Engine = open_database(self.settings)
        migrate(self.engine)
        self.settings.files.mkdir()

    def command(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-c", _PROGRAM, "corpus", *map(str, arguments), "--data", str(self.settings.data)]

    def run(self, *arguments: str | Path) -> str:
        return subprocess.run(self.command(*arguments), check=True, capture_output=True, text=True, env=self.environment).stdout  # fmt: skip

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def scored(self, run_id: str) -> int:
        return int(
            self.rows(f"SELECT count(*) FROM corpus_items WHERE run_id = '{run_id}' AND status = 'scored'")[0][0]
        )

    def results(self, run_id: str) -> dict[str, tuple[str, str]]:
        """Return what was said of each document, by its own digest, to the last byte."""
        rows = self.rows(
            f"SELECT digest, prediction_digest, outcome FROM corpus_items JOIN documents ON id = document_id WHERE run_id = '{run_id}'"
        )
        return {digest: (prediction, outcome) for digest, prediction, outcome in rows}


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with database_url(request.param) as url:
        made = Store(tmp_path / "data", url)
        yield made
        made.engine.dispose()


def check_results(store: Store, run_id: str) -> None:
    """See that every document has exactly one result, in the run and in the store."""
    assert store.rows(f"SELECT status FROM corpus_runs WHERE id = '{run_id}'") == [("finished",)]
    items = store.rows(f"SELECT document_id, status FROM corpus_items WHERE run_id = '{run_id}'")
    assert {status for _, status in items} == {"scored"}
    documents = sorted(row[0] for row in store.rows("SELECT id FROM documents"))
    assert sorted(name for name, _ in items) == documents
    for table in ("predictions", "readings"):
        assert sorted(row[0] for row in store.rows(f"SELECT document_id FROM {table}")) == documents
    passages, distinct = store.rows("SELECT count(*), count(DISTINCT passage_id) FROM passages")[0]
    assert passages == distinct > 0


def test_a_killed_driver_repeats_one_shard_per_worker_at_most(store: Store, pdfs: Path) -> None:
    store.run("add", pdfs)
    run_id = store.run("rescore", "--no-start", "--shard-size", "2").split()[0]
    dice = random.Random(3)
    killed = 0
    for kill in range(_KILLS):
        driver = subprocess.Popen(store.command("resume", run_id, "--workers", str(_WORKERS)), env=store.environment)
        # Each time somewhat further on, in the middle of whatever is under way.
        aim = (kill + 1) * _DOCUMENTS // (_KILLS + 2)
        while store.scored(run_id) < aim and driver.poll() is None:
            time.sleep(0.05)
        time.sleep(dice.uniform(0, 2))
        if driver.poll() is None:
            driver.kill()
            killed += 1
        driver.wait()
    store.run("resume", run_id, "--workers", str(_WORKERS))
    check_results(store, run_id)
    repeated = int(store.rows(f"SELECT sum(attempts) - count(*) FROM corpus_shards WHERE run_id = '{run_id}'")[0][0])
    print(f"\ncorpus kills: {_DOCUMENTS} documents, driver killed {killed} times, {repeated} shards repeated of {killed * _WORKERS} allowed")  # fmt: skip
    assert killed == _KILLS
    assert repeated <= killed * _WORKERS


def test_ray_that_loses_a_node_gives_the_pools_results_byte_for_byte(tmp_path: Path, pdfs: Path) -> None:
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    found = {}
    for name in ("pool", "ray"):
        store = Store(tmp_path / name, None)
        store.run("add", pdfs)
        run_id, _ = plan_run(store.engine, COMMAND_LINE, None, {}, 2)
        if name == "pool":
            Driver(store.engine, store.settings, run_id, LocalEngine(_WORKERS)).drive()
        else:
            _drive_on_two_nodes(Cluster(initialize_head=True, head_node_args={"num_cpus": 1}), store, run_id)
        check_results(store, run_id)
        found[name] = store.results(run_id)
    assert found["ray"] == found["pool"]
    assert len(found["ray"]) == _DOCUMENTS


def _drive_on_two_nodes(cluster: Any, store: Store, run_id: str) -> None:
    """Score on a cluster of two nodes, one of which is killed once a third of the documents is scored."""
    import ray

    second = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    lost = threading.Event()

    def kill() -> None:
        while store.scored(run_id) < _DOCUMENTS // 3:
            time.sleep(0.05)
        cluster.remove_node(second, allow_graceful=False)
        lost.set()

    threading.Thread(target=kill, daemon=True).start()
    try:
        engine = RayEngine(cluster.address)
        assert ray.cluster_resources()["CPU"] == 2
        Driver(store.engine, store.settings, run_id, engine).drive()
        assert lost.is_set()
        print(f"\nray: {_DOCUMENTS} documents on two nodes, one killed after a third of them; every document once")
    finally:
        ray.shutdown()
        cluster.shutdown()
