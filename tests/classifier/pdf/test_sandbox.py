"""The child process: limits that bind, failures that are told apart, files written again with highlights."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from PIL import Image

from classifier.document import Box
from classifier.errors import DamagedDocumentError, DocumentLimitError, EncryptedDocumentError
from classifier.pdf import Highlight, Limits, PdfReading, annotate_pdf, render_pages
from tests.conftest import SAMPLE


def bomb(path: Path, size: int) -> Path:
    """A page whose content stream inflates from a few kB to `size` bytes."""
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.contents_add(b"0 0 m 9 9 l S\n" * (size // 14))
        pdf.save(path, compress_streams=True, stream_decode_level=pikepdf.StreamDecodeLevel.none, recompress_flate=True)
    return path


def test_pages_come_with_progress() -> None:
    seen: list[tuple[int, int]] = []
    pages = PdfReading(SAMPLE, SAMPLE.name, ocr=False).pages(lambda read, of: seen.append((read, of)))
    assert seen == [(n, len(pages)) for n in range(1, len(pages) + 1)]


def test_a_password_is_told(tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    with pikepdf.open(SAMPLE) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner="a", user="b"))
    with pytest.raises(EncryptedDocumentError, match=r"^locked.pdf: is protected by a password; remove the password"):
        PdfReading(path, path.name).pages()


def test_too_many_pages_are_told(tmp_path: Path) -> None:
    path = tmp_path / "long.pdf"
    with pikepdf.new() as pdf:
        for _ in range(12):
            pdf.add_blank_page()
        pdf.save(path)
    with pytest.raises(DocumentLimitError, match="has 12 pages, more than the limit of 10; split the file"):
        PdfReading(path, path.name, limits=Limits(max_pages=10)).pages()


def test_wall_time_binds(tmp_path: Path) -> None:
    path = bomb(tmp_path / "slow.pdf", 80_000_000)
    began = time.monotonic()
    with pytest.raises(DocumentLimitError, match="took longer than"):
        PdfReading(path, path.name, limits=Limits(wall_seconds=0.3)).pages()
    assert time.monotonic() - began < 5


def test_memory_binds(tmp_path: Path) -> None:
    path = bomb(tmp_path / "fat.pdf", 400_000_000)
    assert path.stat().st_size < 3_000_000
    with pytest.raises((DamagedDocumentError, DocumentLimitError)):
        PdfReading(path, path.name, limits=Limits(memory_mb=300)).pages()


def test_a_file_too_large_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentLimitError, match="more than the limit of 0 MB"):
        PdfReading(SAMPLE, SAMPLE.name, limits=Limits(max_bytes=1000))


def test_highlights_are_written_where_they_belong(tmp_path: Path) -> None:
    page = PdfReading(SAMPLE, SAMPLE.name, ocr=False).pages()[2]
    start = page.text.index("Prevention comes first")
    boxes = page.boxes_of(start, start + len("Prevention comes first"))
    data = annotate_pdf(
        SAMPLE, SAMPLE.name, [Highlight(3, boxes, (255, 0, 0), "for “very strong” – p\u00e9 \U0001f600")]
    )
    with pikepdf.open(io.BytesIO(data)) as pdf:
        (note,) = pdf.pages[2].Annots
        assert note.Subtype == "/Highlight"
        assert str(note.Contents) == "for “very strong” – p\u00e9 \U0001f600"
        assert len(note.QuadPoints) == 8 * len(boxes)
    # What is under the highlight is the very text that was asked for.
    reopened = pdfium.PdfDocument(data)
    box, height = boxes[0], reopened[2].get_height()
    under = reopened[2].get_textpage().get_text_bounded(box.x0, height - box.y1, box.x1, height - box.y0)
    assert "Prevention" in under or "first" in under


def test_pages_are_rendered_at_the_width_asked_for() -> None:
    (page,) = render_pages(SAMPLE, SAMPLE.name, [4], width=500, image="PNG")
    assert page.number == 4
    assert (round(page.width), round(page.height)) == (595, 842)
    assert abs(Image.open(io.BytesIO(page.image)).width - 500) <= 1


def test_boxes_outside_the_page_are_impossible() -> None:
    with pytest.raises(ValueError, match="inside out"):
        Box(10, 10, 5, 20)


def test_a_page_with_more_characters_than_a_page_can_hold_is_refused_not_cut(tmp_path: Path) -> None:
    from reportlab.pdfgen import canvas

    path = tmp_path / "dense.pdf"
    pdf = canvas.Canvas(str(path))
    pdf.setFont("Helvetica", 1)
    for row in range(420):
        pdf.drawString(1, 1 + 2 * row, "abcdefghi " * 50)
    pdf.save()
    with pytest.raises(
        DocumentLimitError, match=r"dense.pdf: page 1 holds 2\d+ characters, more than 200000; split the file"
    ):
        PdfReading(path, path.name).pages()
