"""The command line as a user meets it: real processes, exit statuses, one line per error."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import jsonschema
import pytest

from tests.conftest import ROOT, SAMPLE


def prevention(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "prevention"), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, env={**os.environ, **environment}, check=False
    )


def watched(*arguments: str | Path, **environment: str) -> tuple[subprocess.CompletedProcess[str], bytes]:
    """Run the program with a terminal as its standard error; return also what the terminal has got."""
    ours, theirs = pty.openpty()
    seen = bytearray()

    def watch() -> None:
        while True:
            try:
                seen.extend(os.read(ours, 4096))
            except OSError:
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = subprocess.run(
        [str(Path(sys.executable).parent / "prevention"), *map(str, arguments)], stdout=subprocess.PIPE, stderr=theirs,
        text=True, timeout=240, env={**os.environ, "TERM": "xterm", **environment}, check=False,
    )  # fmt: skip
    os.close(theirs)
    watcher.join()
    os.close(ours)
    return done, bytes(seen)


def test_help_lists_the_commands() -> None:
    done = prevention("--help")
    assert done.returncode == 0
    for command in ("score", "passages", "read", "train", "evaluate", "labels", "init", "serve", "keys", "people"):
        assert command in done.stdout


def test_json_is_one_object_per_document_and_line(tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text((ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8"), encoding="utf-8")
    done = prevention("score", SAMPLE, other, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["document"]["file"] for row in rows] == [SAMPLE.name, "other.md"]
    schema = json.loads((ROOT / "classifier/prediction.schema.json").read_text(encoding="utf-8"))
    for row in rows:
        jsonschema.validate(row, schema)


def test_one_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "a-broken.pdf").write_bytes(b"%PDF-1.4 nonsense")
    (tmp_path / "b-empty.txt").write_bytes(b"")
    done = prevention("score", tmp_path / "a-broken.pdf", tmp_path / "b-empty.txt", SAMPLE, "--format", "csv")
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if line.startswith("prevention: ")]
    assert [line.split(": ")[1] for line in errors] == ["a-broken.pdf", "b-empty.txt"]
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert row["file"] == SAMPLE.name
    assert row["strength"] in ("strong", "very_strong")


def test_files_are_written_where_asked(tmp_path: Path) -> None:
    done = prevention("score", SAMPLE, "--format", "html", "--output", tmp_path / "out", "--annotated-pdf")
    assert done.returncode == 0, done.stderr
    names = sorted(path.suffixes[-1] for path in (tmp_path / "out").iterdir())
    assert names == [".html", ".pdf"]
    assert all(path.stat().st_size > 10_000 for path in (tmp_path / "out").iterdir())


def test_a_bar_on_the_terminal_takes_nothing_from_standard_output(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Plan\n\nPrevention first, at home and for everyone.\n", encoding="utf-8")
    done, seen = watched("score", SAMPLE, tmp_path / "other.md", "--format", "csv")
    assert done.returncode == 0, seen
    assert len(done.stdout.splitlines()) == 3
    assert b"2/2" in seen


def test_html_without_a_folder_is_refused_with_the_next_step() -> None:
    done = prevention("score", SAMPLE, "--format", "html")
    assert done.returncode == 2
    assert (
        done.stderr.strip()
        == "prevention: --format html and --annotated-pdf write files; name their folder with --output DIR"
    )


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    done = prevention("score", tmp_path)
    assert done.returncode == 2
    assert "no document in this folder" in done.stderr


def test_a_missing_model_is_told(tmp_path: Path) -> None:
    done = prevention("score", SAMPLE, PREVENTION_MODEL=str(tmp_path))
    assert done.returncode == 2
    assert "this is no model folder; run `prevention train" in done.stderr
    assert "Traceback" not in done.stderr


def test_passages_are_labelled_in_their_order(tmp_path: Path) -> None:
    asked = [
        {"id": "a", "text": "Reablement for six weeks after a stay in hospital.", "heading": "Home again", "extra": 1},
        {"id": 7, "text": "Minutes of the last meeting were agreed."},
        {"id": "odd", "text": "A line separator \u2028 inside, and \U0001f600."},
    ]
    path = tmp_path / "asked.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in asked), encoding="utf-8")
    done = prevention("passages", "--input", path)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", 7, "odd"]
    assert set(rows[0]["probabilities"]) == {
        "primary",
        "secondary",
        "tertiary",
        "emphasis",
        "awareness_only",
        "integration",
        "loneliness",
    }
    assert "tertiary" in rows[0]["labels"]
    assert rows[1]["labels"] == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"id": "a"}', "line 2: text: Field required"),
        ("nonsense", "line 2: the line"),
        ('{"id": "a", "text": ""}', "line 2: text"),
    ],
)
def test_a_faulty_line_is_told(tmp_path: Path, line: str, fault: str) -> None:
    path = tmp_path / "asked.jsonl"
    path.write_text('{"id": "ok", "text": "fine"}\n' + line + "\n", encoding="utf-8")
    done = prevention("passages", "--input", path)
    assert done.returncode == 2
    assert fault in done.stderr
    assert done.stdout == ""


def test_read_prints_the_text_that_offsets_refer_to() -> None:
    done = prevention("read", SAMPLE)
    body = json.loads(done.stdout)
    pages = {page["number"]: page["text"] for page in body["pages"]}
    assert body["passages"]
    for passage in body["passages"]:
        assert pages[passage["page"]][passage["start"] : passage["end"]] == passage["text"]
