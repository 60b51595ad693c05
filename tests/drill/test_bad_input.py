"""Bad input at length: hundreds of mutated PDFs and their kin. No crash, no hang, one line that names file, reason and next step."""

from __future__ import annotations

import io
import random
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pytest

from classifier.artefact import Artefact
from classifier.document import Document
from classifier.errors import DocumentError
from classifier.pdf import Limits
from classifier.reading import read_document
from classifier.score import score_document
from tests.conftest import REAL, SAMPLE

LIMITS = Limits(wall_seconds=20, cpu_seconds=15, memory_mb=1024)
COUNT = 360


def flipped(data: bytes, dice: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice([1, 3, 20, 200, 2000])):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def cut(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(1, len(data))]


def shuffled(data: bytes, dice: random.Random) -> bytes:
    size = dice.choice([64, 512, 4096])
    blocks = [data[i : i + size] for i in range(0, len(data), size)]
    a, b = dice.randrange(len(blocks)), dice.randrange(len(blocks))
    blocks[a], blocks[b] = blocks[b], blocks[a]
    return b"".join(blocks)


def renumbered(data: bytes, dice: random.Random) -> bytes:
    """Change digits only: lengths, offsets, object numbers."""
    out = bytearray(data)
    digits = [i for i, byte in enumerate(out) if 48 <= byte <= 57]
    for _ in range(dice.choice([1, 5, 40])):
        out[dice.choice(digits)] = 48 + dice.randrange(10)
    return bytes(out)


def padded(data: bytes, dice: random.Random) -> bytes:
    noise = dice.randbytes(dice.choice([10, 900, 50_000]))
    return dice.choice([noise + data, data + noise])


MUTATIONS = (flipped, cut, shuffled, renumbered, padded)


def crafted(folder: Path) -> Iterator[Path]:
    """Files made to hurt: each has one fault of its own."""
    with pikepdf.open(SAMPLE) as pdf:
        pdf.save(folder / "encrypted.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
    with pikepdf.new() as pdf:
        pdf.save(folder / "zero-pages.pdf")
    with pikepdf.new() as pdf:
        for _ in range(10_000):
            pdf.add_blank_page()
        pdf.save(folder / "ten-thousand-pages.pdf")
    with pikepdf.new() as pdf:
        page = pdf.add_blank_page()
        page.Contents = pikepdf.Stream(
            pdf,
            zlib.compress(zlib.compress(b"BT (x) Tj ET " * 20_000_000, 9), 9),
            Filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]),
        )
        pdf.save(folder / "flate-bomb.pdf")
    with pikepdf.open(SAMPLE) as pdf:
        pdf.Root.Pages.Kids = pikepdf.Array([pdf.Root.Pages])
        pdf.save(folder / "page-tree-loop.pdf")
    with pikepdf.new() as pdf:
        pdf.add_blank_page().mediabox = pikepdf.Array([0, 0, 14_400_000, 14_400_000])
        pdf.save(folder / "huge-page.pdf")
    (folder / "only-a-header.pdf").write_bytes(b"%PDF-1.7\n")
    (folder / "wrong-name.pdf").write_bytes(b"PK\x03\x04" + b"\0" * 500)
    (folder / "noise.pdf").write_bytes(random.Random(5).randbytes(40_000))
    deep = b"[" * 100_000
    (folder / "deep.pdf").write_bytes(b"%PDF-1.4\n1 0 obj\n" + deep + b"\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF")
    yield from sorted(folder.glob("*.pdf"))


def attempt(path: Path, model: Artefact) -> str:
    """Read and score a file; return what came of it, having checked that it came in time and in form."""
    began = time.monotonic()
    try:
        document = read_document(path, ocr=False, limits=LIMITS)
    except DocumentError as error:
        message = str(error)
        assert message.startswith(f"{path.name}: ")
        assert "; " in message
        assert "\n" not in message
        outcome = type(error).__name__
    else:
        assert isinstance(document, Document)
        outcome = "scored" if score_document(document, model).strength.label else "not enough text"
    assert time.monotonic() - began < LIMITS.wall_seconds + 10
    return outcome


@pytest.mark.drill
@pytest.mark.timeout(3000)
def test_hundreds_of_mutated_pdfs(tmp_path: Path, stub: Artefact, capsys: pytest.CaptureFixture[str]) -> None:
    sources = [SAMPLE.read_bytes()]
    if REAL.is_dir():
        sources += [path.read_bytes() for path in sorted((REAL / "documents").glob("*.pdf"))]
    outcomes: Counter[str] = Counter()
    for number in range(COUNT):
        dice = random.Random(number)
        mutation = MUTATIONS[number % len(MUTATIONS)]
        path = tmp_path / f"{mutation.__name__}-{number}.pdf"
        path.write_bytes(mutation(dice.choice(sources), dice))
        outcomes[attempt(path, stub)] += 1
        path.unlink()
    with capsys.disabled():
        print(f"\n{COUNT} mutated PDFs: {dict(outcomes)}")
    assert sum(outcomes.values()) == COUNT
    assert len(outcomes) >= 2


def test_a_few_mutated_pdfs(tmp_path: Path, stub: Artefact) -> None:
    for number in range(25):
        path = tmp_path / f"m{number}.pdf"
        path.write_bytes(MUTATIONS[number % len(MUTATIONS)](SAMPLE.read_bytes(), random.Random(number)))
        attempt(path, stub)


def test_files_made_to_hurt(tmp_path: Path, stub: Artefact) -> None:
    found = {path.name: attempt(path, stub) for path in crafted(tmp_path)}
    assert found.pop("encrypted.pdf") == "EncryptedDocumentError"
    assert found.pop("ten-thousand-pages.pdf") == "DocumentLimitError"
    for name in ("zero-pages.pdf", "only-a-header.pdf", "wrong-name.pdf", "noise.pdf"):
        assert found.pop(name) in ("DamagedDocumentError", "UnsupportedFormatError"), name
    assert "scored" not in found.values(), found


def test_a_bomb_in_a_word_file(tmp_path: Path, stub: Artefact) -> None:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * 900 * 2**20)
    path = tmp_path / "bomb.docx"
    path.write_bytes(buffer.getvalue())
    assert attempt(path, stub) == "DocumentLimitError"
