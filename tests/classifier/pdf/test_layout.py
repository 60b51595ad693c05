"""Layout on pages made for the purpose: columns, tables, furniture, hyphens, contents, scans."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen import canvas

from classifier.document import Document
from classifier.passages import find_passages
from classifier.pdf.recognition import tesseract
from classifier.reading import read_document
from tests.conftest import SAMPLE


@pytest.fixture(scope="module")
def sample() -> Document:
    return read_document(SAMPLE, ocr=False)


def drawn(tmp_path: Path, *pages: list[tuple[float, float, str]], size: float = 10, name: str = "drawn.pdf") -> Path:
    """A PDF with each string at its place, in points from the top left."""
    path = tmp_path / name
    pdf = canvas.Canvas(str(path), pagesize=A4)
    for page in pages:
        pdf.setFont("Helvetica", size)
        for x, y, text in page:
            pdf.drawString(x, A4[1] - y, text)
        pdf.showPage()
    pdf.save()
    return path


def text_of(path: Path) -> str:
    return "\n".join(page.text for page in read_document(path, ocr=False).pages)


LEFT = [f"left column line number {i} goes on here" for i in range(12)]
RIGHT = [f"right column line number {i} goes on too" for i in range(12)]


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    rows = [(60.0, 100 + 14.0 * i, t) for i, t in enumerate(LEFT)] + [
        (320.0, 100 + 14.0 * i, t) for i, t in enumerate(RIGHT)
    ]
    interleaved = sorted(rows, key=lambda row: row[1])
    text = text_of(drawn(tmp_path, interleaved)).replace("\n", " ")
    assert [text.index(line) for line in LEFT + RIGHT] == sorted(text.index(line) for line in LEFT + RIGHT)


def test_a_heading_over_two_columns_comes_first(tmp_path: Path) -> None:
    rows = [(60.0, 80.0, "A heading that is wide enough to run across both of the columns on the page, all of it")]
    rows += [(60.0, 110 + 14.0 * i, t) for i, t in enumerate(LEFT)] + [
        (320.0, 110 + 14.0 * i, t) for i, t in enumerate(RIGHT)
    ]
    text = text_of(drawn(tmp_path, rows)).replace("\n", " ")
    assert text.index("A heading") < text.index(LEFT[0]) < text.index(LEFT[-1]) < text.index(RIGHT[0])


def test_a_word_broken_at_the_end_of_a_line_is_mended(tmp_path: Path) -> None:
    rows = [
        (60.0, 100.0, "The service offers rehabili-"),
        (60.0, 114.0, "tation to all who come, and long-"),
        (60.0, 128.0, "term support in the home."),
    ]
    text = text_of(drawn(tmp_path, rows))
    assert "offers rehabilitation to all" in text
    assert "long-term support" in text


def test_mended_words_keep_boxes_on_both_lines(tmp_path: Path) -> None:
    rows = [(60.0, 100.0, "The service offers rehabili-"), (60.0, 114.0, "tation to all who come.")]
    page = read_document(drawn(tmp_path, rows), ocr=False).pages[0]
    start = page.text.index("rehabilitation")
    first, second = page.boxes_of(start, start + len("rehabilitation"))
    assert first.y1 < second.y1
    assert second.x0 == pytest.approx(60, abs=2)


def test_running_headers_and_page_numbers_are_no_passages(sample: Document) -> None:
    assert all(
        "Strategy 2024 to 2029" not in p.text and not p.text.startswith("Page ")
        for p in find_passages(sample)
        if p.page > 1
    )


def test_contents_pages_are_no_passages(sample: Document) -> None:
    assert all(p.page != 2 for p in find_passages(sample))


def test_table_rows_are_passages_with_their_cells(sample: Document) -> None:
    rows = [p.text for p in find_passages(sample) if " | " in p.text]
    assert (
        "Six weeks of reablement at home | anyone leaving hospital less able than before | Joint Care Team | running"
        in rows
    )
    assert len(rows) == 6


def test_bullets_stand_with_their_lead_in(sample: Document) -> None:
    (found,) = [p for p in find_passages(sample) if "What we will do:" in p.text]
    assert found.text.count("•") == 4
    assert found.headings[-1] == "Priority one: a fair beginning"
    assert found.role == "priority"


def test_sections_have_their_roles(sample: Document) -> None:
    roles = {p.headings[-1]: p.role for p in find_passages(sample) if p.headings}
    assert roles["Foreword"] == "summary"
    assert roles["Vision"] == "vision"
    assert roles["Principles"] == "principle"
    assert roles["How we will know"] == "other"


def test_every_passage_has_boxes_inside_its_page(sample: Document) -> None:
    for passage in find_passages(sample):
        page = sample.page(passage.page)
        assert page.text[passage.start : passage.end] == passage.text
        assert page.width is not None
        assert page.height is not None
        boxes = page.boxes_of(passage.start, passage.end)
        assert boxes
        assert all(0 <= b.x0 < b.x1 <= page.width and 0 <= b.y0 < b.y1 <= page.height for b in boxes)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_reads_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    path = tmp_path / "turned.pdf"
    pdf = canvas.Canvas(str(path), pagesize=(400, 600))
    pdf.setFont("Helvetica", 12)
    # Drawn against the turn, so that a viewer shows it upright.
    x, y = {90: (100, 50), 180: (350, 500), 270: (300, 550)}[turn]
    pdf.translate(x, y)
    pdf.rotate(turn)
    pdf.drawString(0, 0, "shown upright on a turned page")
    pdf.showPage()
    pdf.save()
    with pikepdf.open(path, allow_overwriting_input=True) as turned:
        turned.pages[0].Rotate = turn
        turned.save(path)
    page = read_document(path, ocr=False).pages[0]
    assert page.text == "shown upright on a turned page"
    assert (page.width, page.height) == ((600, 400) if turn != 180 else (400, 600))
    (box,) = page.boxes_of(0, len(page.text))
    assert box.x1 - box.x0 > 10 * (box.y1 - box.y0)


def test_a_cropped_page_has_boxes_from_its_own_corner(tmp_path: Path) -> None:
    source = drawn(tmp_path, [(100.0, 200.0, "inside the crop")])
    with pikepdf.open(source) as pdf:
        pdf.pages[0].cropbox = pikepdf.Array([50, 100, 500, 800])
        pdf.save(tmp_path / "cropped.pdf")
    page = read_document(tmp_path / "cropped.pdf", ocr=False).pages[0]
    (box,) = page.boxes_of(0, len(page.text))
    assert box.x0 == pytest.approx(50, abs=2)
    assert box.y1 == pytest.approx(200 - (A4[1] - 800), abs=4)


def scanned(tmp_path: Path, text: str) -> Path:
    """A PDF whose only page is a picture of text."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("L", (1654, 2339), 255)
    font = ImageFont.load_default(size=44)
    for row, line in enumerate(text.split("\n")):
        ImageDraw.Draw(image).text((150, 200 + 80 * row), line, font=font, fill=0)
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "PDF", resolution=200)
    path = tmp_path / "scanned.pdf"
    path.write_bytes(buffer.getvalue())
    return path


SCAN = "Reablement at home helps people\nto regain their independence\nafter a stay in hospital."


def test_a_scanned_page_without_recognition_is_said_to_be_unread(tmp_path: Path) -> None:
    document = read_document(scanned(tmp_path, SCAN), ocr=False)
    assert document.unread_pages == (1,)
    assert document.pages[0].text == ""


@pytest.mark.skipif(tesseract() is None, reason="tesseract is not installed")
def test_a_scanned_page_is_read_by_recognition_with_boxes(tmp_path: Path) -> None:
    page = read_document(scanned(tmp_path, SCAN)).pages[0]
    assert page.state == "ocr"
    start = page.text.index("independence")
    (box,) = page.boxes_of(start, start + len("independence"))
    assert box.y0 == pytest.approx((200 + 80) * 72 / 200, abs=12)
