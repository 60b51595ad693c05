"""A snapshot is a copy that never changes; a correction is new in exactly one."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from classifier.codebook import Codebook
from classifier.errors import LabelledDataError
from tests.training.little import correction, write_corrections, write_little_data
from training.data import load_passages
from training.snapshots import check_snapshot, list_snapshots, take_snapshot


@pytest.fixture
def little(tmp_path: Path) -> Path:
    return write_little_data(tmp_path / "data", train=6, others=3, each=1)


def test_a_snapshot_holds_what_was_there_then(little: Path, codebook: Codebook) -> None:
    before = load_passages(codebook, little)
    folder = take_snapshot(little)
    assert take_snapshot(little) == folder, "the same data are one snapshot"
    (little / "passages/few.jsonl").write_text("", encoding="utf-8")
    assert load_passages(codebook, folder) == before
    assert take_snapshot(little) != folder
    assert [s.number for s in list_snapshots(little)] == [1, 2]


def test_an_altered_snapshot_is_refused(little: Path) -> None:
    folder = take_snapshot(little)
    found = check_snapshot(folder)
    assert not (folder / "splits.json").stat().st_mode & 0o222
    (folder / "splits.json").chmod(0o644)
    (folder / "splits.json").write_text("{}", encoding="utf-8")
    with pytest.raises(LabelledDataError, match=r"splits\.json: missing or altered"):
        check_snapshot(folder)
    assert found.corrections == 0


def test_every_correction_is_new_in_exactly_one_snapshot_however_things_fall(little: Path) -> None:
    dice = random.Random(7)
    given = iter(range(1, 61))
    guard = threading.Lock()

    def export_and_snap() -> None:
        while True:
            with guard:
                numbers = [n for _, n in zip(range(dice.randint(1, 4)), given, strict=False)]
            if not numbers:
                return
            write_corrections(little, f"{numbers[0]:04}", *(correction(n) for n in numbers))
            take_snapshot(little)

    # The folder is made beforehand, as the service's export makes it.
    (little / "corrections").mkdir()
    threads = [threading.Thread(target=export_and_snap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    take_snapshot(little)
    found = [i for snapshot in list_snapshots(little) for i in snapshot.new_corrections]
    assert len(found) == len(set(found))
    assert set(found) == {f"annotation_{n:04}" for n in range(1, 61)}
    assert list_snapshots(little)[-1].corrections == len(found)
