"""A document's trip: what is said, what it rests on, and what happens when little could be read."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from classifier.artefact import Artefact
from classifier.document import Document
from classifier.passages import find_lines_beside, find_passages
from classifier.prediction import Evidence, Prediction
from classifier.reading import read_document
from classifier.score import score_document
from tests.building import pdf_of
from tests.conftest import REAL, ROOT, SAMPLE, needs_real

SCHEMA = json.loads((ROOT / "classifier/prediction.schema.json").read_text(encoding="utf-8"))


def all_evidence(prediction: Prediction) -> list[Evidence]:
    found = list(prediction.strength.evidence)
    found += [e for tier in prediction.tiers.values() for e in tier.evidence]
    return found + [e for criterion in prediction.criteria.values() for e in criterion.evidence]


def check_evidence(prediction: Prediction, document: Document) -> None:
    found = find_passages(document)
    passages = {p.id: p for p in [*found, *find_lines_beside(document, found)]}
    for evidence in all_evidence(prediction):
        page = document.page(evidence.page)
        assert evidence.quote == page.text[evidence.start : evidence.end]
        inside = passages[evidence.passage]
        assert inside.start <= evidence.start < evidence.end <= inside.end
        if document.format == "pdf":
            assert evidence.boxes
            assert page.width is not None
            assert page.height is not None
            for x0, y0, x1, y1 in evidence.boxes:
                assert 0 <= x0 < x1 <= page.width + 0.01
                assert 0 <= y0 < y1 <= page.height + 0.01


@pytest.fixture(scope="module")
def sample() -> Document:
    return read_document(SAMPLE, ocr=False)


@pytest.fixture(scope="module")
def prediction(sample: Document, model: Artefact) -> Prediction:
    return score_document(sample, model)


def test_the_schema_in_the_repository_is_the_types_own() -> None:
    assert Prediction.model_json_schema() == SCHEMA


def test_a_prediction_keeps_to_the_schema(prediction: Prediction) -> None:
    jsonschema.validate(json.loads(prediction.model_dump_json()), SCHEMA)


def test_every_quote_is_verbatim_and_boxed(prediction: Prediction, sample: Document) -> None:
    check_evidence(prediction, sample)


def test_contributions_add_up_to_the_score(prediction: Prediction) -> None:
    assert sum(c.contribution for c in prediction.strength.contributions) == pytest.approx(prediction.strength.score)
    assert sum(prediction.strength.probabilities.values()) == pytest.approx(1)


def test_the_set_is_adjacent_and_holds_the_label(prediction: Prediction) -> None:
    levels = list(prediction.strength.probabilities)
    places = [levels.index(label) for label in prediction.strength.set]
    assert places == list(range(places[0], places[-1] + 1))
    assert prediction.strength.label in prediction.strength.set


def test_the_sample_is_read_as_a_person_reads_it(prediction: Prediction) -> None:
    assert prediction.strength.label in ("strong", "very_strong")
    assert all(prediction.tiers[tier].state != "none" for tier in prediction.tiers)
    answers = {key: criterion.value for key, criterion in prediction.criteria.items()}
    for key in (
        "anywhere",
        "summary",
        "vision",
        "principle",
        "care_act",
        "better_care_fund",
        "integration",
        "loneliness",
        "carers",
    ):
        assert answers[key] is True, key
    assert answers["five_year_forward_view"] is False
    assert answers["triple_definition"] == "full"
    assert answers["integration_kind"] == "integration"


def test_every_criterion_of_a3_to_a6_is_answered(prediction: Prediction, model: Artefact) -> None:
    assert list(prediction.criteria) == [c.key for c in model.codebook.part("A3", "A4", "A5", "A6")]


def test_a_crime_prevention_decoy_is_no_evidence(prediction: Prediction) -> None:
    assert not [e for e in prediction.criteria["anywhere"].evidence if "Crime and Disorder" in e.quote]


def written(tmp_path: Path, text: str, name: str = "x.md") -> Document:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_document(path)


FILLER = (
    "The committee met in the town hall and received the minutes of the last meeting, which were agreed and signed. "
)


def test_too_little_text_gives_no_label(tmp_path: Path, stub: Artefact) -> None:
    found = score_document(written(tmp_path, FILLER * 3), stub)
    assert found.strength.label is None
    assert not found.document.enough_text
    assert found.warnings[0].startswith("not enough readable text: 60 words, fewer than 150")
    assert {tier.state for tier in found.tiers.values()} == {"not_enough_text"}
    assert {criterion.value for criterion in found.criteria.values()} == {None}
    jsonschema.validate(json.loads(found.model_dump_json()), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "Der Rat hat beschlossen, dass die Vorsorge an erster Stelle steht und alle Bürger davon erfahren sollen. "
        * 15,
        "委員会は予防を最優先とすることを決定した。 " * 200,
        "Компетентні органи вирішили, що профілактика має бути першою. " * 30,
    ],
)
def test_another_language_gives_no_label(tmp_path: Path, stub: Artefact, text: str) -> None:
    found = score_document(written(tmp_path, text), stub)
    assert found.strength.label is None
    assert "does not look like English" in found.warnings[0]


def test_a_document_without_prevention_is_weaker_than_one_with_it(tmp_path: Path, model: Artefact) -> None:
    plain = score_document(written(tmp_path, FILLER * 20), model)
    assert plain.strength.label == "very_weak"
    assert plain.criteria["anywhere"].value is False
    assert plain.tiers["tertiary"].state == "none"


DECISIVE = (
    "Our vision is that prevention comes first. Reablement at home, pulmonary rehabilitation and support for people with dementia "
    "and after a stroke will help them to regain their independence and avoid another stay in hospital."
)


def test_nothing_is_cut_off_a_decisive_passage_on_page_120_counts(tmp_path: Path, model: Artefact) -> None:
    pages = [f"## Section {i}\n\n{(FILLER + f'Item {i} was noted. ') * 3}" for i in range(1, 121)]
    for name, last in (("without", ""), ("with", f"\n\n{DECISIVE}")):
        (tmp_path / f"{name}.pdf").write_bytes(pdf_of("\n\n".join(pages) + last))
    without, having = (
        score_document(read_document(tmp_path / f"{name}.pdf", ocr=False), model) for name in ("without", "with")
    )
    assert without.document.pages == having.document.pages == 120
    assert having.strength.score is not None
    assert without.strength.score is not None
    assert having.strength.score > without.strength.score + 0.5
    assert having.strength.label != without.strength.label
    assert having.tiers["tertiary"].evidence[0].page == 120
    assert having.criteria["vision"].value is True
    assert without.criteria["anywhere"].value is False


def test_without_the_cited_passages_the_score_falls(sample: Document, model: Artefact) -> None:
    """Faithfulness: what is named as evidence is what the score rests on."""
    from dataclasses import replace

    whole = score_document(sample, model)
    cited = [e for e in whole.strength.evidence if e.score > 0]
    pages = []
    for page in sample.pages:
        spans = [(e.start, e.end) for e in cited if e.page == page.number]
        blocks = tuple(b for b in page.blocks if not any(a <= b.start and b.end <= z for a, z in spans))
        pages.append(replace(page, blocks=blocks))
    rest = score_document(replace(sample, pages=tuple(pages)), model)
    assert whole.strength.score is not None
    assert rest.strength.score is not None
    assert rest.strength.score < whole.strength.score - 0.5


@needs_real
@pytest.mark.parametrize("name", sorted(p.name for p in (REAL / "documents").glob("*.*")) if REAL.is_dir() else [])
def test_real_documents_score_with_verbatim_boxed_evidence(name: str, model: Artefact) -> None:
    document = read_document(REAL / "documents" / name)
    found = score_document(document, model)
    assert found.strength.label is not None
    assert found.document.unread_pages == []
    check_evidence(found, document)
    if name == "west_sussex_jhws_2019.pdf":
        assert found.document.pages == 34
        assert found.criteria["vision"].value or found.criteria["priority"].value


@needs_real
def test_strengths_of_real_documents_are_within_one_step(model: Artefact) -> None:
    levels = list(model.heads.strength.levels)
    for line in (REAL / "documents.jsonl").read_text(encoding="utf-8").splitlines():
        gold = json.loads(line)
        found = score_document(read_document(REAL / "documents" / gold["file"], ocr=False), model).strength.label
        assert found is not None
        assert abs(levels.index(found) - levels.index(gold["strength"])) <= 1, (gold["file"], found, gold["strength"])


def test_evidence_stands_on_both_sides(tmp_path: Path, stub: Artefact) -> None:
    text = "## Our vision\n\nPrevention comes first in all that we do here.\n\n" + "".join(
        f"## Part {i}\n\n{what} is offered in ward {i} of the town to whoever may come and ask for it there.\n\n{FILLER}\n\n"
        for i, what in enumerate(
            ["Reablement at home", "A leaflet on drains", "Screening of hearts", "A poster campaign"] * 4
        )
    )
    found = score_document(written(tmp_path, text), stub)
    sides = {
        direction: [e for e in found.strength.evidence if e.direction == direction] for direction in ("for", "against")
    }
    assert sides["for"]
    assert sides["against"]
    raising_is_for = found.strength.label not in ("weak", "very_weak")
    assert all((e.score > 0) == raising_is_for for e in sides["for"])
    assert all((e.score > 0) != raising_is_for for e in sides["against"])
