"""`prevention families` from the outside."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

from typer.testing import CliRunner

from classifier.commands import app
from tests.conftest import ROOT


def test_copies_and_drafts_in_a_folder(tmp_path: Path) -> None:
    text = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
    (tmp_path / "final.md").write_text(text, encoding="utf-8")
    shutil.copy(tmp_path / "final.md", tmp_path / "copy.md")
    (tmp_path / "draft.md").write_text(text[: len(text) // 2], encoding="utf-8")
    (tmp_path / "other.txt").write_text("Another council writes of roads and bins. " * 30, encoding="utf-8")
    (tmp_path / "broken.pdf").write_bytes(b"no pdf")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        "file,authority,year\nfinal.md,Saltmarsh,2024\ndraft.md,Saltmarsh,2023\ncopy.md,Saltmarsh,2024\n",
        encoding="utf-8",
    )
    documents = [tmp_path / name for name in ("final.md", "copy.md", "draft.md", "other.txt", "broken.pdf")]
    done = CliRunner().invoke(app, ["families", *map(str, documents), "--labels", str(labels)])
    assert done.exit_code == 1
    assert "broken.pdf" in done.stderr
    rows = {Path(row["file"]).name: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert {name: (row["counts"], row["relation"]) for name, row in rows.items()} == {
        "final.md": ("no", "copy"), "copy.md": ("yes", ""), "draft.md": ("no", "draft"), "other.txt": ("yes", ""),
    }  # fmt: skip
    assert Path(rows["final.md"]["family"]).name == Path(rows["draft.md"]["family"]).name == "copy.md"
