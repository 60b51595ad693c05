"""The gate on real strategies and passages, with models whose quality is known: words for labels, fewer words, wrong words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from classifier.artefact import Artefact
from classifier.codebook import Codebook
from classifier.errors import LabelledDataError
from classifier.gate import report_text
from tests.conftest import KeywordModel
from tests.training.little import DATA, write_little_data
from training.agreement import load_second_readings, load_second_strategies
from training.data import in_split, load_passages, load_splits
from training.gate import FrozenSet, compare, load_frozen


class Deaf(KeywordModel):
    """A model that has lost most of its words."""

    words: ClassVar[dict[str, tuple[str, ...]]] = dict.fromkeys(KeywordModel.words, ("saltmarsh",))


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory, codebook: Codebook) -> FrozenSet:
    return load_frozen(
        codebook, write_little_data(tmp_path_factory.mktemp("gate") / "data", train=10, others=200, each=2)
    )


def test_a_better_model_is_let_through_and_a_worse_one_refused(stub: Artefact, frozen: FrozenSet) -> None:
    weakened = replace(stub, id="weakened", passages=Deaf())
    up, down = compare(weakened, stub, frozen), compare(stub, weakened, frozen)
    assert (up.model, up.against, up.verdict.promoted) == ("stub", "weakened", True)
    assert up.figures[0].difference.low > 0
    assert any("surely better" in reason for reason in up.verdict.reasons)
    assert (down.verdict.promoted, down.figures[0].before) == (False, up.figures[0].after)
    assert down.verdict.reasons[0].startswith("mean F1 of 5 passage labels")
    assert sum(map(sum, up.confusion_before)) == sum(map(sum, up.confusion_after)) == len(frozen.strategies)
    assert "# weakened is refused" in report_text(down, ("a", "b", "c", "d", "e"))


def test_a_model_beside_itself_neither_gains_nor_loses(stub: Artefact, frozen: FrozenSet) -> None:
    report = compare(stub, stub, frozen)
    assert report.verdict.promoted
    assert all(f.difference.low == f.difference.high == 0 for f in report.figures)


def test_broken_heads_are_seen(stub: Artefact, frozen: FrozenSet) -> None:
    strength = stub.heads.strength.model_copy(update={"cuts": [-9.0, -8.0, -7.0, -6.0]})
    broken = replace(stub, id="broken", heads=stub.heads.model_copy(update={"strength": strength}))
    report = compare(stub, broken, frozen)
    assert not report.verdict.promoted
    assert "by the model's own heads" in report.verdict.reasons[0]


def test_the_projects_set_was_read_by_two_and_trained_on_by_nobody(codebook: Codebook) -> None:
    found = load_frozen(codebook)
    second, splits = load_second_readings(), load_splits()
    assert len(found.passages) == 463
    assert all(p.id in second and splits[p.group] == "test" for p in found.passages)
    assert {row.file for row in found.strategies} <= load_second_strategies().keys()
    texts = {" ".join(p.text.split()) for p in in_split(load_passages(codebook), splits, "train")}
    assert not texts & {" ".join(p.text.split()) for p in found.passages}


def test_what_is_missing_from_the_set_is_told(tmp_path: Path, codebook: Codebook) -> None:
    data = write_little_data(tmp_path / "data", train=5, others=5, each=1)
    (data / "strategies.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(LabelledDataError, match="names what is not in the data"):
        load_frozen(codebook, data)
    (data / "frozen.json").unlink()
    with pytest.raises(LabelledDataError, match="no list of what models are compared on"):
        load_frozen(codebook, data)
    assert (DATA / "frozen.json").is_file()
