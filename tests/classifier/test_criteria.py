"""Criteria answered in headings and scraps, in run-in titles and, where words do not tell, by the passage model."""

from __future__ import annotations

from pathlib import Path

from classifier.artefact import Artefact
from classifier.criteria import Answer, answer_criteria
from classifier.passages import find_lines_beside, find_passages
from classifier.reading import read_document
from classifier.score import passage_probabilities, score_document


def answers(text: str, stub: Artefact, tmp_path: Path) -> dict[str, Answer]:
    path = tmp_path / "strategy.md"
    path.write_text(text, encoding="utf-8")
    document = read_document(path, ocr=False)
    passages = find_passages(document)
    beside = find_lines_beside(document, passages)
    assert not {p.id for p in passages} & {p.id for p in beside}
    return answer_criteria(passages, beside, passage_probabilities(passages, stub), stub.heads)


BODY = "The board will meet four times a year in public, with its papers on the website a week before each of its meetings.\n\n"


def test_a_policy_named_in_a_heading_alone_counts(stub: Artefact, tmp_path: Path) -> None:
    found = answers(f"# Reply\n\n## What we did about section 2 of the Care Act\n\n{BODY}", stub, tmp_path)
    assert found["care_act"].value is True
    assert found["care_act_section_2"].value is True
    assert found["care_act"].mentions[0].quote == "What we did about section 2 of the Care Act"


def test_a_scrap_too_short_for_a_passage_counts(stub: Artefact, tmp_path: Path) -> None:
    found = answers(f"# Plan\n\n{BODY}## Law\n\nCare Act 2014.\n\n## Money\n\n{BODY}", stub, tmp_path)
    assert found["care_act"].value is True


def test_contents_do_not_count(stub: Artefact, tmp_path: Path) -> None:
    text = f"# Plan\n\n## Contents\n\nThe Care Act\n\nPrevention first\n\n## Money\n\n{BODY}"
    found = answers(text, stub, tmp_path)
    assert found["care_act"].value is False


def test_a_vision_run_into_its_paragraph(stub: Artefact, tmp_path: Path) -> None:
    text = f"# Plan\n\n## Start\n\n**Our shared vision:** a town that prevents what it can and treats what it must, for all who live in it.\n\n{BODY}"
    assert answers(text, stub, tmp_path)["vision"].value is True


def test_the_model_speaks_where_no_rule_does(stub: Artefact, tmp_path: Path) -> None:
    # The stub's model takes the words "early intervention" for emphasis; no rule sees "intervention, early".
    plain = f"# Plan\n\n## Our vision\n\nA borough where nobody has to wait for trouble, in which each street looks after its own.\n\n{BODY}"
    assert answers(plain, stub, tmp_path)["vision"].value is False
    assert answers(plain.replace("looks after its own", "is integrated and pooled"), stub, tmp_path)[
        "integration"
    ].value


def test_evidence_in_a_heading_is_on_its_page(stub: Artefact, tmp_path: Path) -> None:
    path = tmp_path / "reply.md"
    path.write_text(f"# Reply\n\n## What we did about the Care Act\n\n{BODY * 9}", encoding="utf-8")
    document = read_document(path, ocr=False)
    evidence = score_document(document, stub).criteria["care_act"].evidence[0]
    assert document.pages[0].text[evidence.start : evidence.end] == evidence.quote == "What we did about the Care Act"


def test_first_lines_in_capitals_are_headings(stub: Artefact, tmp_path: Path) -> None:
    text = f"# Plan\n\nFOREWORD BY THE CABINET MEMBER\nPrevention is what I was elected for, and this plan is how I keep my word to each of you.\n\n{BODY}"
    found = answers(text, stub, tmp_path)
    assert found["summary"].value is True
    assert (
        answers(text.replace("FOREWORD BY THE CABINET MEMBER\n", ""), stub, tmp_path)["summary"].value
        == "not_applicable"
    )
