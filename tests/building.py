"""Documents made for tests: PDF by reportlab with headers, columns, tables and contents, from a small Markdown."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

_STYLES = getSampleStyleSheet()
_BODY = ParagraphStyle("body", parent=_STYLES["BodyText"], fontSize=10.5, leading=14)
_CELL = ParagraphStyle("cell", parent=_BODY, fontSize=9, leading=11)


def pdf_of(markdown: str, *, header: str = "", columns_from: str = "") -> bytes:
    """Return a PDF of headings, paragraphs, lists and tables; from the heading `columns_from` on, in two columns."""
    buffer = io.BytesIO()
    document = BaseDocTemplate(buffer, pagesize=A4, title=header, invariant=1)

    def furniture(canvas: Any, page: Any) -> None:
        canvas.setFont("Helvetica", 8)
        if header:
            canvas.drawString(60, A4[1] - 36, header)
        canvas.drawCentredString(A4[0] / 2, 30, f"Page {page.page}")

    one = [Frame(60, 60, A4[0] - 120, A4[1] - 120)]
    half = (A4[0] - 140) / 2
    two = [Frame(60, 60, half, A4[1] - 120), Frame(80 + half, 60, half, A4[1] - 120)]
    document.addPageTemplates([PageTemplate("one", one, onPage=furniture), PageTemplate("two", two, onPage=furniture)])
    document.build(list(_story(markdown, columns_from)))
    return buffer.getvalue()


def _story(markdown: str, columns_from: str) -> Sequence[Any]:
    story: list[Any] = []
    for part in re.split(r"\n\s*\n", markdown.strip()):
        lines = part.split("\n")
        if match := re.match(r"(#+) (.*)", part):
            if columns_from and match[2] == columns_from:
                story += [NextPageTemplate("two"), PageBreak()]
            elif match[1] == "##":
                story += [NextPageTemplate("one"), PageBreak()] if story else []
            story.append(Paragraph(match[2], _STYLES[f"Heading{len(match[1])}"]))
        elif lines[0].startswith("|"):
            rows = [
                [Paragraph(c.strip(), _CELL) for c in line.strip("|").split("|")] for line in lines if "---" not in line
            ]
            story.append(
                Table(
                    rows,
                    colWidths=[185, 120, 95, 65],
                    style=TableStyle(
                        [("GRID", (0, 0), (-1, -1), 0.5, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
                    ),
                )
            )
        elif lines[0].startswith("- "):
            story += [Paragraph(_escaped(line[2:]), _BODY, bulletText="•") for line in lines]
        elif len(lines) > 2 and all(re.search(r" \d+$", line) for line in lines):
            story += [Paragraph(re.sub(r" (\d+)$", r" ........................ \1", line), _BODY) for line in lines]
        else:
            story.append(Paragraph(_escaped(" ".join(lines)), _BODY))
        story.append(Spacer(1, 5))
    return story


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def write_sample(source: Path) -> Path:
    """Write the sample strategy's PDF beside its text, and return where."""
    target = source.with_suffix(".pdf")
    header = "Saltmarsh Health and Wellbeing Strategy 2024 to 2029"
    target.write_bytes(
        pdf_of(source.read_text(encoding="utf-8"), header=header, columns_from="Priority two: spotting trouble sooner")
    )
    return target


if __name__ == "__main__":
    write_sample(Path(__file__).parent.parent / "docs/sample/saltmarsh-strategy-2024.md")
