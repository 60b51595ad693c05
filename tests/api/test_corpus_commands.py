"""`prevention corpus` from end to end, with the released model in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SAMPLE

_PROGRAM = "from classifier.commands import main; main()"


def corpus(*arguments: str | Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `prevention corpus …` and see how it ends."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=200, check=False)  # fmt: skip
    assert done.returncode == status, done.stderr
    return done


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that two strategies were added to."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "in").mkdir()
    (folder / "in/saltmarsh.pdf").write_bytes(SAMPLE.read_bytes())
    (folder / "in/saltmarsh.md").write_bytes(SAMPLE.with_suffix(".md").read_bytes())
    corpus("init", "--data", folder / "store")
    done = corpus("corpus", "add", folder / "in", "--data", folder / "store")
    assert done.stdout == "2 new, 0 known before, 0 refused\n"
    return folder / "store"


def test_a_corpus_is_scored_compared_released_and_taken_in_elsewhere(data: Path, tmp_path: Path) -> None:
    done = corpus("corpus", "rescore", "--data", data, "--shard-size", "1", "--workers", "2")
    first, last = done.stdout.splitlines()
    run_id = first.split()[0]
    assert first == f"{run_id}  2 documents"
    assert last.startswith(f"{run_id}  finished  2 of 2 documents  ")
    # Everything is kept now, so that no stage but the last is run.
    again = corpus("corpus", "rescore", "--data", data, "--workers", "0").stdout.splitlines()
    assert "(strength " in again[1]
    assert "reading" not in again[1]
    later = again[0].split()[0]
    listed = corpus("corpus", "runs", "--data", data).stdout.splitlines()
    assert [line.split()[0] for line in listed] == [later, run_id]
    compared = json.loads(corpus("corpus", "compare", run_id, later, "--format", "json", "--data", data).stdout)
    assert (compared["documents"], compared["flips"]) == (2, [])
    assert "0 flipped, 0 of them for review" in corpus("corpus", "compare", run_id, later, "--data", data).stdout
    assert "release-" in corpus("corpus", "release", tmp_path / "out", "--run", later, "--data", data).stdout
    corpus("init", "--data", tmp_path / "elsewhere")
    taken = corpus("corpus", "import", tmp_path / "out", "--data", tmp_path / "elsewhere").stdout
    assert taken == f"{later}  2 documents, 2 of them new; 0 new annotations\n"


def test_a_run_that_was_only_written_down_can_be_paused_and_resumed(data: Path) -> None:
    run_id = corpus("corpus", "rescore", "--no-start", "--data", data).stdout.split()[0]
    assert corpus("corpus", "pause", run_id, "--data", data).stdout.startswith(f"{run_id}: paused")
    assert "  paused  0 of 2 documents" in corpus("corpus", "runs", "--data", data).stdout
    assert "finished  2 of 2 documents" in corpus("corpus", "resume", run_id, "--data", data, "--workers", "0").stdout


def test_calls_that_are_wrong_say_what_to_do(data: Path, tmp_path: Path) -> None:
    def refused(*arguments: str | Path) -> str:
        return corpus("corpus", *arguments, "--data", data, status=2).stderr

    assert "no such model; name a folder, or one of: " in refused("rescore", "--model", "none-such")
    assert "write kind=" in refused("rescore", "--only", "colour=red")
    assert "chooses no document" in refused("rescore", "--only", "kind=foi")
    assert "run_0: no run has this id; list them with `prevention corpus runs`" in refused("resume", "run_0")
    assert "add --engine ray" in refused("rescore", "--address", "127.0.0.1:1")
    assert "release.json: cannot be read" in refused("import", tmp_path)
    assert "run `prevention init" in corpus("corpus", "runs", "--data", tmp_path / "none", status=2).stderr
    (tmp_path / "bad.exe").write_bytes(b"MZ\x00\x01")
    (tmp_path / "list.csv").write_text("file\nbad.exe\n", encoding="utf-8")
    assert "bad.exe" in corpus("corpus", "add", tmp_path / "list.csv", "--data", data, status=1).stderr
