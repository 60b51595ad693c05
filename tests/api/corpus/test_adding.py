"""Documents taken in from a folder, a manifest or a URL: each row on its own, nothing twice, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from api.corpus.adding import Added, Fault, ManifestRow, add_documents, manifest_rows, parse_only
from api.corpus.planning import plan_run
from api.corpus.running import Driver
from api.settings import load_settings
from api.store.audit import COMMAND_LINE
from api.store.files import Files
from api.store.tables import AuditEntry, CorpusItem, CorpusLocation, StoredDocument
from classifier.errors import ConfigurationError
from tests.api.corpus.conftest import TOWNS, Corpus, write_documents


def added(engine: Engine, data: Path, source: str, *, leave: bool = False) -> list[Added | Fault]:
    """Add what a source holds, as the command does."""
    rows = list(manifest_rows(source))
    with Session(engine) as session, session.begin():
        good = [row for row in rows if isinstance(row, ManifestRow)]
        faults = [row for row in rows if isinstance(row, Fault)]
        return [*faults, *add_documents(session, Files(data / "files"), COMMAND_LINE, good, leave=leave, max_mb=1)]


def test_a_folder_is_added_once_and_its_manifest_describes_it(engine: Engine, tmp_path: Path) -> None:
    write_documents(tmp_path / "in")
    first = added(engine, tmp_path, str(tmp_path / "in"))
    assert len(first) == len(TOWNS) + 1
    assert all(isinstance(one, Added) and one.new for one in first)
    second = added(engine, tmp_path, str(tmp_path / "in/manifest.csv"))
    assert [one.new for one in second if isinstance(one, Added)] == [False] * 6
    with Session(engine) as session:
        rows = session.scalars(select(StoredDocument).order_by(StoredDocument.name)).all()
        assert [(row.name, row.authority, row.kind, row.year) for row in rows][:2] == [("Alder.pdf", "Alder", "jhws", 2020), ("Birch.md", "Birch", "jhws", 2021)]  # fmt: skip
        assert all((tmp_path / "files" / row.digest[:2] / row.digest).is_file() for row in rows)
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["document.added"] * 6 + ["document.described"] * 6


def test_what_is_known_is_not_changed(engine: Engine, tmp_path: Path) -> None:
    write_documents(tmp_path / "in")
    added(engine, tmp_path, str(tmp_path / "in/manifest.csv"))
    (tmp_path / "in/manifest.csv").write_text("file,authority,year_end\nBirch.md,Somebody else,2030\n", encoding="utf-8")  # fmt: skip
    added(engine, tmp_path, str(tmp_path / "in/manifest.csv"))
    with Session(engine) as session:
        row = session.scalars(select(StoredDocument).filter_by(name="Birch.md")).one()
        assert (row.authority, row.year_end) == ("Birch", 2030)


def test_a_bad_row_is_named_and_stops_no_other(engine: Engine, tmp_path: Path) -> None:
    write_documents(tmp_path / "in")
    (tmp_path / "in/notes.exe").write_bytes(b"MZ\x00\x01\x02\x03")
    (tmp_path / "in/large.md").write_text("word " * 300_000, encoding="utf-8")
    lines = ["file,year,kind", "Birch.md,last year,jhws", "absent.pdf,2020,jhws", "notes.exe,,", "large.md,,", "Elm.md,2021,jhws"]  # fmt: skip
    (tmp_path / "in/manifest.csv").write_text("\n".join(lines), encoding="utf-8")
    found = added(engine, tmp_path, str(tmp_path / "in/manifest.csv"))
    said = [one.reason for one in found if isinstance(one, Fault)]
    assert [one.name for one in found if isinstance(one, Added)] == ["Elm.md"]
    assert next(one.row for one in found if isinstance(one, Fault)) == "manifest.csv, row 2"
    assert said[0].startswith("year: 'last year': ")
    assert "absent.pdf: cannot be opened (No such file or directory)" in said[1]
    assert "notes.exe" in said[2]
    assert "large.md: is 1 MB, more than 1 MB" in said[3]


def test_a_source_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name\nx\n", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for source, said in (("list.csv", "has no column `file`"), ("empty", "holds no document"), ("none.txt", "is neither a folder nor a manifest"), ("none.csv", "cannot be read")):  # fmt: skip
        with pytest.raises(ConfigurationError, match=said):
            list(manifest_rows(str(tmp_path / source)))


def test_files_behind_a_url_may_stay_there(corpus: Corpus, tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    bucket = fsspec.filesystem("memory")
    for town in ("Fir", "Gorse"):
        text = (tmp_path / "in/Birch.md").read_text(encoding="utf-8").replace("Birch", town)
        bucket.pipe(f"/{tmp_path.name}/{town}.md", text.encode())
    found = added(corpus.engine, tmp_path, f"memory://{tmp_path.name}", leave=True)
    assert [one.name for one in found if isinstance(one, Added)] == ["Fir.md", "Gorse.md"]
    with Session(corpus.engine) as session:
        assert sorted(session.scalars(select(CorpusLocation.url))) == [f"memory:///{tmp_path.name}/{town}.md" for town in ("Fir", "Gorse")]  # fmt: skip
        digests = session.scalars(select(StoredDocument.digest).where(StoredDocument.name.in_(["Fir.md", "Gorse.md"])))
        assert not any(Files(tmp_path / "files").path(digest).exists() for digest in digests)
    bucket.pipe(f"/{tmp_path.name}/Gorse.md", b"Something else altogether.")
    run_id, _ = plan_run(corpus.engine, COMMAND_LINE, None, {"state": "unscored"}, 10)
    Driver(corpus.engine, load_settings(data=tmp_path), run_id, corpus.scorer()).drive()
    with Session(corpus.engine) as session:
        rows = session.execute(
            select(StoredDocument.name, CorpusItem.status, CorpusItem.error)
            .join(CorpusItem, CorpusItem.document_id == StoredDocument.id)
            .where(CorpusItem.run_id == run_id)
        )
        told = {name: (status, error) for name, status, error in rows}
    assert told["Fir.md"] == ("scored", None)
    assert told["Gorse.md"][0] == "failed"
    assert "has other bytes than when it was added" in (told["Gorse.md"][1] or "")


def test_what_documents_are_chosen_by_is_read() -> None:
    assert parse_only(["kind=jhws", "year=2024", "authority=A = B"]) == {"kind": "jhws", "year": "2024", "authority": "A = B"}  # fmt: skip
    for given, said in (("colour=red", "write kind="), ("kind", "write kind="), ("state=old", "the only state"), ("year=last", "whole number")):  # fmt: skip
        with pytest.raises(ConfigurationError, match=said):
            parse_only([given])
    with pytest.raises(ConfigurationError, match="given twice"):
        parse_only(["year=2024", "year=2025"])
