"""How the error falls with more labels given by hand, from 25 documents to 195, where nothing else is fitted. Run by `make bench`.

The 195 documents are put together here from labelled passages, so that each has the strength its passages call for by the codebook's
operational rule, in the distribution that the British Red Cross published (151 strategies: 61, 34, 50, 5 and 1 from very strong to very weak;
44 transformation plans: 35, 5, 4, 0 and 0). They are labelled in a spreadsheet, taken in by `prevention labels import`, and the strength head is
refitted from them alone. It is measured on the project's whole strategies, none of which had a part in it.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from classifier.artefact import Artefact, load_artefact
from classifier.codebook import STRENGTHS, load_codebook
from tests.conftest import ROOT
from training.data import DATA, LabelledPassage, in_split, load_passages, load_splits, load_strategies
from training.document_scores import DocumentScores, score_documents
from training.documents import ReadStrategy, as_given, read_strategies
from training.evaluation import OrdinalScores
from training.hand_labels import import_labels
from training.run import Documents, hand_labelled, refit

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

PUBLISHED = {
    "jhws": {"very_strong": 61, "strong": 34, "neither": 50, "weak": 5, "very_weak": 1},
    "stp": {"very_strong": 35, "strong": 5, "neither": 4},
}
# How many passages of each kind a document of that strength holds: emphasis, primary, secondary, tertiary, awareness only.
RECIPES = {
    "very_strong": ((2, 4), (2, 5), (2, 5), (4, 8), (0, 1)),
    "strong": ((1, 3), (1, 4), (2, 5), (1, 3), (0, 1)),
    "neither": ((1, 2), (2, 5), (0, 3), (0, 0), (0, 2)),
    "weak": ((0, 1), (0, 0), (0, 0), (0, 0), (3, 6)),
    "very_weak": ((0, 0), (0, 0), (0, 0), (0, 0), (0, 0)),
}
KINDS = ("emphasis", "primary", "secondary", "tertiary", "awareness_only")


def composed(strength: str, pools: dict[str, list[LabelledPassage]], dice: random.Random) -> str:
    """Return a document in Markdown whose passages call for the strength."""
    parts = {
        kind: dice.sample(pools[kind], dice.randint(*span)) for kind, span in zip(KINDS, RECIPES[strength], strict=True)
    }
    rest = dice.sample(pools["none"], dice.randint(10, 34))
    services = [p for kind in KINDS[1:] for p in parts[kind]] + rest[6:]
    dice.shuffle(services)
    key = parts["emphasis"]
    sections = [
        ("Foreword", [*rest[:1], *key[2:3]]),
        ("Our vision", [*rest[1:2], *key[:1]]),
        ("Where we are", rest[2:6]),
        ("Priority 1", [*key[1:2], *services[0::3]]),
        ("Priority 2", [*key[3:], *services[1::3]]),
        ("Priority 3", services[2::3]),
    ]
    return "\n\n".join(
        f"## {name}\n\n" + "\n\n".join(" ".join(p.text.split()) for p in held) for name, held in sections if held
    )


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    """195 documents and their spreadsheet, taken in as a researcher's would be."""
    folder = tmp_path_factory.mktemp("researchers")
    codebook = load_codebook(DATA / "codebook.toml")
    # Passages the encoder was not trained on, as a researcher's documents would not be either.
    passages = in_split(load_passages(codebook), load_splits(), "dev", "test")
    pools = {kind: [p for p in passages if p.labels == [kind]] for kind in KINDS[:4]}
    pools["awareness_only"] = [p for p in passages if "awareness_only" in p.labels]
    pools["none"] = [p for p in passages if not p.labels]
    dice = random.Random(11)
    rows = [
        (kind, strength)
        for kind, spread in PUBLISHED.items()
        for strength, count in spread.items()
        for _ in range(count)
    ]
    dice.shuffle(rows)
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("Council", "Type", "Year", "Document", "Focus on prevention"))
        for number, (kind, strength) in enumerate(rows):
            (folder / f"{number:03}.md").write_text(composed(strength, pools, dice), encoding="utf-8")
            writer.writerow(
                (f"Council {number}", kind, 2016, f"{number:03}.md", strength.replace("_", " ").capitalize())
            )
    (folder / "mapping.toml").write_text(
        '[columns]\nauthority = "Council"\nkind = "Type"\nfile = "Document"\nstrength = "Focus on prevention"\n',
        encoding="utf-8",
    )
    found = import_labels(
        folder / "labels.csv", codebook, folder / "in", mapping=folder / "mapping.toml", documents=folder
    )
    assert len(found.rows) == 195
    assert not found.faults
    return hand_labelled(folder / "in/labels.jsonl", folder)


@pytest.fixture(scope="module")
def strategies(model: Artefact) -> list[ReadStrategy]:
    return read_strategies(
        load_strategies(), DATA / "strategies", model.passages, model.heads.scaling, model.heads.labels
    )


def measured(documents: Documents, model: Artefact, strategies: Sequence[ReadStrategy], models: Path) -> DocumentScores:
    folder = refit(ROOT / "models" / model.id, lambda _: None, models=models, documents=documents).folder
    heads = load_artefact(folder).heads
    return score_documents(strategies, as_given(strategies, heads), heads)


def line(count: int, found: OrdinalScores) -> str:
    return f"| {count} | {found.mean_absolute_error} | {found.exact:.0%} | {found.within_one:.0%} | {found.three_or_more} | {found.quadratic_kappa} |"


def test_more_labels_by_hand_leave_less_error(
    by_hand: Documents,
    model: Artefact,
    strategies: list[ReadStrategy],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    errors = {}
    with capsys.disabled():
        print(
            "\n| documents | mean absolute error | exact | within one | three or more | quadratic kappa |\n|---|---|---|---|---|---|"
        )
        for count in (25, 50, 100, 195):
            chosen = Documents(by_hand.rows[:count], by_hand.directory, by_hand.described)
            found = measured(chosen, model, strategies, tmp_path).strength
            errors[count] = found.mean_absolute_error.value
            print(line(count, found))
    assert errors[195] <= errors[25]
    # Calling everything by the commonest label of the 195 is what no labels teach.
    always = sum(abs(STRENGTHS.index(s.row.strength or "neither") - STRENGTHS.index("very_strong")) for s in strategies)
    assert errors[195] < 0.5 * always / len(strategies)
