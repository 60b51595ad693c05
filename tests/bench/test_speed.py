"""Speed against the plain stack, cold and in one run: machines differ, ratios less so. Run by `make bench`."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from classifier.passages import find_passages
from classifier.reading import read_document
from tests.building import pdf_of
from tests.conftest import REAL, ROOT

pytestmark = pytest.mark.bench

# What anyone would write first: text by pdfplumber, embeddings by SentenceTransformer in fp32, over the very same passages.
PLAIN = """
import json, sys
import pdfplumber
from sentence_transformers import SentenceTransformer
from training.encoder import encoder_path
with pdfplumber.open(sys.argv[1]) as pdf:
    pages = [page.extract_text() for page in pdf.pages]
SentenceTransformer(encoder_path("all-MiniLM-L6-v2"), device="cpu").encode(json.load(open(sys.argv[2])))
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real strategy where one is at hand, else the sample's text over thirty pages."""
    real = REAL / "documents/west_sussex_jhws_2019.pdf"
    if real.is_file():
        return real
    text = (ROOT / "docs/sample/saltmarsh-strategy-2024.md").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("bench") / "long.pdf"
    path.write_bytes(pdf_of("\n\n".join(text.replace("Saltmarsh", f"Town {i}") for i in range(4))))
    return path


def seconds(*command: str | Path) -> float:
    began = time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, capture_output=True, timeout=280)
    return time.perf_counter() - began


def test_scoring_cold_takes_at_most_a_fifth_of_the_plain_stack(
    document: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    passages = find_passages(read_document(document))
    texts = tmp_path / "passages.json"
    texts.write_text(json.dumps([f"{p.heading}. {p.text}" for p in passages]), encoding="utf-8")
    plain = tmp_path / "plain.py"
    plain.write_text(PLAIN, encoding="utf-8")
    ours, theirs = [], []
    for _ in range(3):
        ours.append(seconds(Path(sys.executable).parent / "prevention", "score", document, "--format", "json"))
        theirs.append(seconds(sys.executable, plain, document, texts))
    ratio = statistics.median(ours) / statistics.median(theirs)
    with capsys.disabled():
        print(
            f"\n{document.name}: {len(passages)} passages; cold: prevention {statistics.median(ours):.2f} s, plain stack {statistics.median(theirs):.2f} s, ratio {ratio:.3f}"
        )
    assert ratio <= 0.2
