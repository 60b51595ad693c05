"""Words of a scanned page, by tesseract where it is installed. Runs in the child process."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess

import pypdfium2 as pdfium

from classifier.pdf.words import Word

_DPI = 200
_SECONDS_PER_PAGE = 60
_MIN_CONFIDENCE = 30.0


def tesseract() -> str | None:
    """Return the path of the tesseract program, or None where it is not installed."""
    return shutil.which("tesseract")


def recognise(page: pdfium.PdfPage, program: str) -> list[Word]:
    """Return the words tesseract reads on a page; none where it fails or takes longer than a minute."""
    width, height = page.get_size()
    scale = min(_DPI / 72, 4000 / max(width, height))
    image = io.BytesIO()
    page.render(scale=scale, grayscale=True).to_pil().save(image, "PNG")
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "-l", "eng", "--dpi", str(round(72 * scale)), "tsv"],
            input=image.getvalue(),
            capture_output=True,
            timeout=_SECONDS_PER_PAGE,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except (subprocess.SubprocessError, OSError):
        return []
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE)
    return [word for row in rows if (word := _word(row, scale)) is not None]


def _word(row: dict[str, str], scale: float) -> Word | None:
    text = "".join((row.get("text") or "").split())
    if not text or float(row["conf"]) < _MIN_CONFIDENCE:
        return None
    x0, y0 = float(row["left"]) / scale, float(row["top"]) / scale
    width, height = float(row["width"]) / scale, float(row["height"]) / scale
    step = width / len(text)
    boxes = [(x0 + step * i, y0, x0 + step * (i + 1), y0 + height) for i in range(len(text))]
    return Word(text, boxes, x0, y0, x0 + width, y0 + height, bold=False)
