"""Word, HTML, Markdown and text become the same blocks."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.enum.text import WD_BREAK

from classifier.document import Page
from classifier.errors import DamagedDocumentError, DocumentLimitError
from classifier.formats.docx import read_docx
from classifier.formats.html import read_html
from classifier.formats.markdown import read_markdown
from classifier.formats.text import read_text
from classifier.reading import read_document


def blocks(pages: tuple[Page, ...]) -> list[tuple[str, str]]:
    return [(block.kind, page.text[block.start : block.end]) for page in pages for block in page.blocks]


EXPECTED = [
    ("heading", "Our strategy"),
    ("heading", "Ageing well"),
    ("paragraph", "We will help people to stay at home."),
    ("list_item", "• a hub in each town"),
    ("list_item", "• a visit after a fall"),
    ("table_row", "Reablement | Care Team"),
]


def word_file() -> bytes:
    document = docx.Document()
    document.add_heading("Our strategy", 1)
    document.add_heading("Ageing well", 2)
    document.add_paragraph("We will help people to stay at home.")
    document.add_paragraph("a hub in each town", style="List Bullet")
    document.add_paragraph("a visit after a fall", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Reablement", "Care Team"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def test_word() -> None:
    assert blocks(read_docx(word_file(), "x.docx")) == EXPECTED


def test_markdown() -> None:
    text = "# Our strategy\n\n## Ageing well\n\nWe will help people\nto stay at home.\n\n- a hub in each town\n- a visit after a fall\n\n| Reablement | Care Team |\n|---|---|\n"
    assert blocks(read_markdown(text)) == EXPECTED


def test_html() -> None:
    text = (
        "<html><body><nav>Menu</nav><main><h1>Our strategy</h1><h2>Ageing <em>well</em></h2><p>We will help people to <b>stay</b> at home.</p>"
        "<ul><li>a hub in each town</li><li>a visit after a fall</li></ul><table><tr><td>Reablement</td><td>Care Team</td></tr></table>"
        "<script>evil()</script></main><footer>Contact</footer></body></html>"
    )
    assert blocks(read_html(text)) == EXPECTED


def test_text() -> None:
    found = blocks(
        read_text(
            "AGEING WELL\n\nWe will help people\nto stay at home.\n\n• a hub in each town\n• a visit after a fall\n\fPage two"
        )
    )
    assert found[0] == ("heading", "AGEING WELL")
    assert found[1] == ("paragraph", "We will help people to stay at home.")
    assert found[2:4] == [("list_item", "• a hub in each town"), ("list_item", "• a visit after a fall")]


def test_form_feeds_part_pages() -> None:
    assert [page.text for page in read_text("one page\ftwo page\f")] == ["one page", "two page"]


def test_a_page_break_in_word_begins_a_page() -> None:
    document = docx.Document()
    document.add_paragraph("On the first page.")
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("On the second.")
    buffer = io.BytesIO()
    document.save(buffer)
    assert [page.text for page in read_docx(buffer.getvalue(), "x.docx")] == ["On the first page.", "On the second."]


def test_invisible_characters_are_left_out() -> None:
    (page,) = read_markdown("pre\u200bvention and\u00ad care\ufeff")
    assert page.text == "prevention and care"


def test_bold_lines_of_exports_are_headings() -> None:
    assert blocks(read_markdown("**Our **\n\n**Vision**\n\nA fair town for all of us."))[:2] == [
        ("heading", "Our"),
        ("heading", "Vision"),
    ]


def zip_of(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return buffer.getvalue()


def test_an_archive_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(DocumentLimitError, match=r"^bomb.docx: unpacks to 300 MB from 0.3 MB"):
        read_docx(zip_of(word__document_xml=b"\0" * 300 * 2**20), "bomb.docx")


def test_an_archive_that_lies_about_its_size_is_refused() -> None:
    data = bytearray(zip_of(word__document_xml=b" " * 5_000_000))
    # Both copies of the member's size say 10 bytes.
    size = (5_000_000).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (10).to_bytes(4, "little")
    with pytest.raises(DamagedDocumentError):
        read_docx(bytes(data), "liar.docx")


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 word/ nothing", zip_of(word__document_xml=b"<a>"), zip_of(other_txt=b"x")]
)
def test_a_damaged_word_file_is_refused(data: bytes) -> None:
    with pytest.raises(DamagedDocumentError, match="is not a Word file that can be opened"):
        read_docx(data, "x.docx")


def test_entities_in_a_word_file_are_not_blown_up() -> None:
    bomb = (
        b'<!DOCTYPE x [<!ENTITY a "'
        + b"y" * 10_000
        + b'">'
        + b"".join(b'<!ENTITY b%d "%s">' % (i, b"&a;" * 100) for i in range(9))
        + b"]><x>&b1;</x>"
    )
    with pytest.raises(DamagedDocumentError):
        read_docx(zip_of(word__document_xml=bomb), "x.docx")


def test_deeply_nested_html_is_read() -> None:
    (page,) = read_html("<body>" + "<div>" * 5000 + "deep inside there is text" + "</div>" * 5000)
    assert "deep inside there is text" in page.text


def test_windows_text_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("caf\u00e9 \u2013 \u201cquote\u201d".encode("cp1252"))
    assert read_document(path).pages[0].text == "caf\u00e9 \u2013 \u201cquote\u201d"
