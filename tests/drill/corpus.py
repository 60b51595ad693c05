"""PDFs made for drills and comparisons of whole corpora: 10 to 80 pages each, all different, always the same."""

from __future__ import annotations

import random
import re
from pathlib import Path

from tests.building import pdf_of
from tests.conftest import ROOT

_WORDS_PER_PAGE = 330


def write_corpus(folder: Path, count: int, pages: tuple[int, int] = (10, 80), seed: int = 7) -> list[Path]:
    """Write PDFs of paragraphs of the sample in another order, with figures of their own; those that are there stay."""
    folder.mkdir(parents=True, exist_ok=True)
    sample = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
    parts = [part for part in re.split(r"\n\s*\n", sample) if not part.startswith("#") and "....." not in part]
    found: list[Path] = []
    for number in range(count):
        dice = random.Random(f"{seed} {number}")
        path = folder / f"strategy-{number:05}.pdf"
        if not path.exists():
            path.write_bytes(pdf_of(_text(number, dice.randint(*pages), parts, dice)))
        found.append(path)
    return found


def _text(number: int, pages: int, parts: list[str], dice: random.Random) -> str:
    """Return a strategy in Markdown of about that many pages; no two paragraphs of a corpus are the same."""
    lines = [f"# Strategy {number}"]
    words = 0
    while words < pages * _WORDS_PER_PAGE:
        if len(lines) % 24 == 1:
            lines.append(f"## Priority {len(lines) // 24 + 1}")
        part = dice.choice(parts)
        if not part.startswith("|"):
            part = f"{part} In ward {dice.randint(1, 99999)} this reached {dice.randint(2, 9999)} people."
        lines.append(part.replace("Saltmarsh", f"Town {number}"))
        words += len(part.split())
    return "\n\n".join(lines)
