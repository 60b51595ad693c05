"""A release is the same for the same run, says what it holds, and is taken in elsewhere only if it is whole."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from api.annotation import document_labels, passage_labels
from api.corpus.comparison import compare_runs
from api.corpus.imports import ReleaseError, import_release
from api.corpus.planning import RunStateError
from api.corpus.release import Release, name_of, release_corpus
from api.settings import load_settings
from api.store.annotations import Origin, append
from api.store.audit import COMMAND_LINE
from api.store.database import migrate, open_database
from api.store.tables import Annotation, CorpusItem, CorpusRun, StoredDocument, StoredPrediction
from classifier.errors import ConfigurationError
from tests.api.corpus.conftest import Corpus
from tests.api.corpus.test_running import items


@pytest.fixture
def run_id(corpus: Corpus) -> str:
    """A finished run, one of whose documents a person has labelled, and one of its passages."""
    name = corpus.begin()
    corpus.drive(name)
    document = items(corpus, name)["Birch.md"].document_id
    codebook = corpus.stub.codebook
    with Session(corpus.engine) as session, session.begin():
        origin = Origin(document, "R. Reader", "api", "one", codebook.version, note="clear")
        for labels in (document_labels(codebook, {"strength": "weak"}), passage_labels(codebook, "0" * 16, ["primary"])):  # fmt: skip
            append(session, COMMAND_LINE, origin, labels, None, None)
    return name


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Engine]:
    """Another store."""
    (tmp_path / "elsewhere").mkdir()
    made = open_database(load_settings(data=tmp_path / "elsewhere"))
    migrate(made)
    yield made
    made.dispose()


def released(corpus: Corpus, run_id: str, target: Path) -> Release:
    with Session(corpus.engine) as session:
        return release_corpus(session, run_id, target)


def test_the_same_run_gives_the_same_release(corpus: Corpus, run_id: str, tmp_path: Path) -> None:
    one, two = released(corpus, run_id, tmp_path / "one"), released(corpus, run_id, tmp_path / "two")
    assert one == two
    assert (one.documents, one.annotations) == (6, 2)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    with pytest.raises(ConfigurationError, match="exists already"):
        released(corpus, run_id, tmp_path / "one")
    with pytest.raises(RunStateError, match="is running; only a finished run"):
        released(corpus, corpus.begin(), tmp_path / "three")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_its_tables_and_its_description_say_what_is_in_it(corpus: Corpus, run_id: str, tmp_path: Path) -> None:
    found = released(corpus, run_id, tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out/labels.csv").read_text(encoding="utf-8").splitlines()))
    (birch,) = (row for row in rows if row["authority"] == "Birch")
    assert (birch["confirmed_strength"], birch["confirmed_by"]) == ("weak", "R. Reader")
    assert birch["model_strength"] == items(corpus, run_id)["Birch.md"].strength
    assert sum(row["confirmed_strength"] != "" for row in rows) == 1
    description = json.loads((tmp_path / "out/croissant.json").read_bytes())
    assert description["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert description["name"] == found.id
    assert found.id in description["citeAs"]
    for row in description["distribution"]:
        content = (tmp_path / "out" / row["contentUrl"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
    assert {row["name"] for row in description["distribution"]} == {path.name for path in (tmp_path / "out").iterdir()} - {"croissant.json"}  # fmt: skip
    # Every column that is described is there.
    for records in description["recordSet"]:
        for column in records["field"]:
            name = column["source"]["fileObject"]["@id"]
            first = (tmp_path / "out" / name).read_text(encoding="utf-8").splitlines()[0]
            assert column["name"] in (first.split(",") if name.endswith(".csv") else json.loads(first))


def test_a_release_taken_in_elsewhere_can_be_compared_and_released_again(
    corpus: Corpus, run_id: str, tmp_path: Path, elsewhere: Engine
) -> None:
    released(corpus, run_id, tmp_path / "out")
    with Session(elsewhere) as session, session.begin():
        found = import_release(session, COMMAND_LINE, tmp_path / "out")
    assert (found.run_id, found.documents, found.new_documents, found.new_annotations) == (run_id, 6, 6, 2)
    with Session(elsewhere) as session, session.begin():
        again = import_release(session, COMMAND_LINE, tmp_path / "out")
    assert (again.new_documents, again.new_annotations) == (0, 0)
    with Session(elsewhere) as session:
        counts = [session.scalar(select(func.count()).select_from(t)) for t in (StoredDocument, StoredPrediction, Annotation, CorpusRun, CorpusItem)]  # fmt: skip
        assert counts == [6, 5, 2, 1, 6]
        assert compare_runs(session, run_id, run_id).flips == []
        bodies = set(session.scalars(select(StoredPrediction.body)))
    with Session(corpus.engine) as session:
        assert set(session.scalars(select(StoredPrediction.body))) == bodies


def test_a_run_that_is_here_already_gains_nothing_but_labels(corpus: Corpus, run_id: str, tmp_path: Path) -> None:
    released(corpus, run_id, tmp_path / "out")
    with Session(corpus.engine) as session, session.begin():
        found = import_release(session, COMMAND_LINE, tmp_path / "out")
    assert (found.new_documents, found.new_annotations) == (0, 0)


def _cut_short(folder: Path) -> None:
    path = folder / "predictions.jsonl"
    path.write_bytes(path.read_bytes()[:-10])


def _lose(folder: Path) -> None:
    (folder / "codebook.toml").unlink()


def _relabel(folder: Path) -> None:
    path = folder / "labels.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("weak", "very_weak"), encoding="utf-8")


def _relabel_and_say_so(folder: Path) -> None:
    """Alter a file and every digest of it but the release's own name."""
    _relabel(folder)
    about = json.loads((folder / "release.json").read_bytes())
    about["files"]["labels.csv"] = hashlib.sha256((folder / "labels.csv").read_bytes()).hexdigest()
    (folder / "release.json").write_text(json.dumps(about), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_cut_short, r"predictions\.jsonl: altered since the release"),
        (_lose, r"codebook\.toml: belongs to the release but is missing"),
        (_relabel, r"labels\.csv: altered since the release"),
        (_relabel_and_say_so, r"release\.json: is named release-[0-9a-f]{16}, and its files make release-"),
    ],
)
def test_an_altered_release_is_refused_whole(
    corpus: Corpus, run_id: str, tmp_path: Path, elsewhere: Engine, harm: Callable[[Path], None], said: str
) -> None:
    released(corpus, run_id, tmp_path / "out")
    harm(tmp_path / "out")
    with pytest.raises(ReleaseError, match=said), Session(elsewhere) as session, session.begin():
        import_release(session, COMMAND_LINE, tmp_path / "out")
    with Session(elsewhere) as session:
        assert session.scalar(select(func.count()).select_from(StoredDocument)) == 0


def test_a_level_that_the_codebook_does_not_have_is_refused(
    corpus: Corpus, run_id: str, tmp_path: Path, elsewhere: Engine
) -> None:
    folder = tmp_path / "out"
    released(corpus, run_id, folder)
    rows = [json.loads(line) for line in (folder / "annotations.jsonl").read_text(encoding="utf-8").splitlines()]
    rows[0]["labels"] = {"strength": "enormous"}
    (folder / "annotations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    about = json.loads((folder / "release.json").read_bytes())
    about["files"]["annotations.jsonl"] = hashlib.sha256((folder / "annotations.jsonl").read_bytes()).hexdigest()
    about["id"] = name_of(about["files"])
    (folder / "release.json").write_text(json.dumps(about), encoding="utf-8")
    description = json.loads((folder / "croissant.json").read_bytes())
    for row in description["distribution"]:
        row["sha256"] = hashlib.sha256((folder / row["name"]).read_bytes()).hexdigest()
    (folder / "croissant.json").write_text(json.dumps(description), encoding="utf-8")
    with (
        pytest.raises(ReleaseError, match=r"annotations\.jsonl, line 1: .*enormous"),
        Session(elsewhere) as session,
        session.begin(),
    ):
        import_release(session, COMMAND_LINE, folder)
