"""The labelled data of the repository, and what is said of data that is wrong."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from classifier.codebook import STRENGTHS, Codebook
from classifier.errors import ConfigurationError, LabelledDataError
from tests.conftest import REAL, ROOT, needs_real
from training.checks import copied_runs, near_copies, shared_runs, telling_words, templates, worn_openings
from training.config import TrainingConfig, load_config
from training.data import LabelledPassage, data_digest, in_split, load_passages, load_splits, load_strategies


def passage(text: str, labels: tuple[str, ...] = (), name: str = "x", group: str = "g") -> LabelledPassage:
    return LabelledPassage(id=name, group=group, origin="invented", text=text, labels=list(labels))


# That the data have no fault is told by `prevention labels check`, which tests/test_docs.py runs.
@needs_real
def test_no_run_of_eight_words_stands_in_a_real_document(tmp_path: Path, codebook: Codebook) -> None:
    texts = tmp_path / "passages.txt"
    rows = (REAL / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    texts.write_text("\n".join(json.loads(row)["text"] for row in rows), encoding="utf-8")
    ours = [(passage.id, passage.text) for passage in load_passages(codebook)]
    folder = ROOT / "labelled_data/strategies"
    ours += [(row.file, (folder / row.file).read_text(encoding="utf-8")) for row in load_strategies()]
    assert list(copied_runs(ours, [texts, *sorted((REAL / "documents").glob("*.md"))])) == []


def test_what_is_copied_from_another_text_is_told(tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text("Here *stand one two three four five six* seven words", encoding="utf-8")
    (fault,) = copied_runs([("mine", "one two three four five six seven words more")], [other])
    assert fault == "mine shares eight words with other.md: 'one two three four five six seven words'; write it anew"


def test_no_group_is_on_both_sides_of_a_split(codebook: Codebook) -> None:
    passages, splits = load_passages(codebook), load_splits()
    parts = [in_split(passages, splits, part) for part in ("train", "dev", "test")]
    assert sum(map(len, parts)) == len(passages)
    assert all(parts)
    groups = [{p.group for p in part} for part in parts]
    assert not (groups[0] & groups[1])
    assert not (groups[0] & groups[2])
    assert not (groups[1] & groups[2])


def test_there_are_strategies_of_every_strength() -> None:
    rows = load_strategies()
    assert len(rows) >= 30
    counts = Counter(row.strength for row in rows)
    assert all(counts[label] >= 5 for label in STRENGTHS)
    assert len({row.file for row in rows}) == len(rows)


def test_the_datasheet_counts_what_is_there(codebook: Codebook) -> None:
    text = (ROOT / "labelled_data/README.md").read_text(encoding="utf-8")
    assert f"{len(load_passages(codebook)):,} labelled passages" in text
    assert f"{len(load_strategies())} whole invented strategies" in text


def test_the_checks_can_fail() -> None:
    words = "one two three four five six seven eight nine"
    assert len(list(shared_runs([("a", words), ("b", f"zero {words}"), ("c", "other words altogether")]))) == 1
    assert (
        len(
            list(
                templates([passage("In Ashby 14 people met.", name="a"), passage("In Corby 90 people met.", name="b")])
            )
        )
        == 1
    )
    assert len(list(worn_openings([passage(f"The board met again {i}") for i in range(10)]))) == 1
    told = [passage(f"alpha {i}", ("primary",), str(i)) for i in range(25)] + [
        passage(f"beta {i}", (), f"n{i}") for i in range(25)
    ]
    assert [fault.split("'")[1] for fault in telling_words(told, ["primary"])] == ["alpha"]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    for name in ("passages", "strategies"):
        shutil.copytree(ROOT / "labelled_data" / name, tmp_path / name)
    for name in ("codebook.toml", "splits.json", "strategies.jsonl"):
        shutil.copy(ROOT / "labelled_data" / name, tmp_path / name)
    return tmp_path


def test_an_unknown_label_is_told_with_its_passage(copied: Path, codebook: Codebook) -> None:
    (copied / "passages/new.jsonl").write_text(
        '{"id": "z1", "group": "g", "origin": "invented", "text": "x", "labels": ["mood"]}\n'
    )
    with pytest.raises(LabelledDataError, match=r"passage z1: unknown labels \['mood'\]; use: primary"):
        load_passages(codebook, copied)


def test_a_faulty_line_is_told_by_its_number(copied: Path, codebook: Codebook) -> None:
    (copied / "passages/new.jsonl").write_text('\n{"id": "z1"}\n')
    with pytest.raises(LabelledDataError, match=r"new.jsonl, line 2: group: Field required; mend the line"):
        load_passages(codebook, copied)


def test_an_id_given_twice_is_told(copied: Path, codebook: Codebook) -> None:
    row = '{"id": "z1", "group": "g", "origin": "invented", "text": "x", "labels": []}\n'
    (copied / "passages/new.jsonl").write_text(row + row)
    with pytest.raises(LabelledDataError, match="ids given twice: z1"):
        load_passages(codebook, copied)


def test_a_group_without_a_split_is_told() -> None:
    with pytest.raises(LabelledDataError, match="groups without a split: g; add them"):
        in_split([passage("x")], {}, "train")


def test_a_labelled_strategy_without_its_file_is_told(copied: Path) -> None:
    next((copied / "strategies").glob("*.md")).unlink()
    with pytest.raises(LabelledDataError, match="labelled but missing"):
        load_strategies(copied)


def test_the_digest_changes_with_one_label() -> None:
    assert data_digest([passage("x")]) == data_digest([passage("x")])
    assert data_digest([passage("x")]) != data_digest([passage("x", ("primary",))])


def test_a_configuration_makes_the_round_trip(tmp_path: Path) -> None:
    config = load_config(ROOT / "training/release.toml")
    assert TrainingConfig.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("epochs = 0", "epochs = 0: Input should be greater"),
        ("epoch = 3", "epoch = 3: Extra inputs"),
        ("epochs", "not TOML"),
    ],
)
def test_a_wrong_setting_is_told(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=fault):
        load_config(path)


def test_one_thing_said_twice_is_found() -> None:
    named = [
        (
            "a",
            "The council will offer every new parent a home visit from a health visitor within two weeks of the birth.",
        ),
        (
            "b",
            "Every new parent will be offered a home visit by a health visitor from the council within two weeks of birth.",
        ),
        ("c", "The council will publish its accounts within two weeks of the auditor's visit to the town hall."),
        ("d", "Parking permits cost more from April, and the library opens later on Fridays than it did before."),
    ]
    for every_pair in (False, True):
        assert [fault.split(" (")[0] for fault in near_copies(named, every_pair=every_pair)] == ["b says what a says"]
