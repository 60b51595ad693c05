"""Files told apart by what they hold; every refusal names the file, the reason and the next step."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from classifier.errors import DocumentError
from classifier.reading import Reading, read_document
from tests.conftest import SAMPLE


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.pdf", b"", "is empty"),
        ("blank.txt", b" \n\n ", "is empty"),
        ("words.pdf", b"these are plain words", "is named .pdf but does not hold one"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old binary format"),
        ("picture.md", b"\x89PNG\r\n\x1a\n\0\0\0", "of no kind that can be read"),
        ("README", b"plain words without a suffix", "has a name that tells no format"),
        ("table.xlsx", b"PK\x03\x04 xl/workbook.xml", "no Word document"),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj", "is not a PDF that can be opened"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=reason) as caught:
        read_document(path)
    message = str(caught.value)
    assert message.startswith(f"{name}: ")
    assert "; " in message
    assert "\n" not in message


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"gone.pdf: does not exist; check the path"):
        read_document(tmp_path / "gone.pdf")


def test_a_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="is a folder"):
        read_document(tmp_path)


def test_a_pdf_under_another_name_is_read_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "strategy.txt"
    path.write_bytes(SAMPLE.read_bytes())
    document = read_document(path, ocr=False)
    assert document.format == "pdf"
    assert document.name == "strategy.txt"


def test_a_word_file_is_told_by_its_members(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<broken")
    with pytest.raises(DocumentError, match="is not a Word file"):
        read_document(path)


def test_the_digest_is_of_the_bytes() -> None:
    import hashlib

    assert read_document(SAMPLE, ocr=False).digest == hashlib.sha256(SAMPLE.read_bytes()).hexdigest()


def test_a_file_kept_under_another_name_is_called_by_its_own(tmp_path: Path) -> None:
    kept = tmp_path / "0123456789abcdef"
    kept.write_text("Some words of a strategy.", encoding="utf-8")
    assert Reading(kept, name="plan.md").document().name == "plan.md"
    assert Reading(kept, name="plan.md").format == "markdown"
    with pytest.raises(DocumentError, match=r"^plan\.pdf: is named \.pdf but does not hold one"):
        Reading(kept, name="plan.pdf")
