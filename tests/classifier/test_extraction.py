"""A document that was packed is the same document."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifier.document import Block, Document, Page
from classifier.extraction import pack, unpack
from classifier.reading import read_document
from tests.conftest import ROOT, SAMPLE


@pytest.mark.parametrize("path", [SAMPLE, ROOT / "docs/sample/saltmarsh-strategy-2024.md"], ids=["pdf", "md"])
def test_a_packed_document_comes_back_to_the_last_bit(path: Path) -> None:
    document = read_document(path, ocr=False)
    found = unpack(pack(document), document.name)
    assert found == document
    for before, after in zip(document.pages, found.pages, strict=True):
        assert (before.boxes is None) == (after.boxes is None)
        if before.boxes is not None and after.boxes is not None:
            assert np.array_equal(before.boxes, after.boxes, equal_nan=True)
            assert before.boxes_of(0, 200) == after.boxes_of(0, 200)


def test_half_a_character_and_an_empty_page_survive() -> None:
    pages = (
        Page(1, "a\ud83d b", (Block("paragraph", 0, 4),)),
        Page(2, "", (), "needs_ocr", 10.0, 20.0, np.zeros((0, 4), np.float32)),
    )
    assert unpack(pack(Document("0" * 64, "old.pdf", "pdf", pages)), "new.pdf") == Document("0" * 64, "new.pdf", "pdf", pages)  # fmt: skip
