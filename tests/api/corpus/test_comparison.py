"""What changed between two runs: the matrix, the flips with their evidence, what is for review, and what people have confirmed."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from api.annotation import document_labels
from api.corpus.comparison import compare_runs
from api.corpus.planning import RunNotFoundError
from api.corpus.report import comparison_text
from api.store.annotations import Origin, append
from api.store.audit import COMMAND_LINE
from tests.api.corpus.conftest import Corpus
from tests.api.corpus.test_running import items


def two_runs(corpus: Corpus, shift: float) -> tuple[str, str]:
    """Score everything twice, the second time with every cut of the strength scale moved."""
    before, after = corpus.begin(), corpus.begin()
    corpus.drive(before)
    head = corpus.stub.heads.strength
    moved = head.model_copy(update={"cuts": [cut + shift for cut in head.cuts]})
    corpus.drive(after, corpus.scorer(heads=corpus.stub.heads.model_copy(update={"strength": moved})))
    return before, after


def test_a_run_compared_with_itself_shows_no_change(corpus: Corpus) -> None:
    run_id = corpus.begin()
    corpus.drive(run_id)
    with Session(corpus.engine) as session:
        found = compare_runs(session, run_id, run_id)
    assert (found.documents, found.flips, found.same_strength_other_evidence) == (6, [], 0)
    assert found.transitions["failed"]["failed"] == 1
    assert sum(sum(row.values()) for row in found.transitions.values()) == 6


def test_flips_are_found_with_their_steps_and_evidence(corpus: Corpus) -> None:
    before, after = two_runs(corpus, 9.0)
    with Session(corpus.engine) as session:
        found = compare_runs(session, before, after)
        back = compare_runs(session, after, before)
    old = {name: item.strength for name, item in items(corpus, before).items()}
    assert {flip.name: flip.before for flip in found.flips} == {k: v for k, v in old.items() if v is not None}
    assert {flip.after for flip in found.flips} == {"very_weak"}
    strong = old["Alder.pdf"]
    assert strong is not None
    assert found.transitions[strong]["very_weak"] == sum(value == strong for value in old.values())
    flip = next(flip for flip in found.flips if flip.name == "Alder.pdf")
    assert flip.steps is not None
    assert flip.steps <= -2
    assert flip.review
    assert flip.reason == f"moved by {-flip.steps} steps"
    # What spoke for a strong label speaks against a weak one: the passage is cited the other way round.
    assert {row["direction"] for row in flip.evidence_gone} == {"for"}
    assert {row["direction"] for row in flip.evidence_new} == {"against"}
    outcome = json.loads(items(corpus, before)["Alder.pdf"].outcome or "")
    assert [row["quote"] for row in flip.evidence_gone] == [row["quote"] for row in outcome["evidence"] if row["direction"] == "for"]  # fmt: skip
    assert {f.name: -(f.steps or 0) for f in back.flips} == {f.name: f.steps for f in found.flips}


def test_a_persons_label_stands_and_is_shown(corpus: Corpus) -> None:
    before, after = two_runs(corpus, 9.0)
    old = items(corpus, before)["Birch.md"]
    assert old.strength is not None
    with Session(corpus.engine) as session, session.begin():
        for number, strength in enumerate(("weak", old.strength)):
            origin = Origin(old.document_id, "R. Reader", "api", f"label {number}", "1.0")
            labels = document_labels(corpus.stub.codebook, {"strength": strength})
            append(session, COMMAND_LINE, origin, labels, None, None)
    with Session(corpus.engine) as session:
        found = compare_runs(session, before, after)
    assert (found.confirmed, found.confirmed_agree_before, found.confirmed_agree_after) == (1, 1, 0)
    flip = next(flip for flip in found.flips if flip.name == "Birch.md")
    assert flip.confirmed is not None
    assert (flip.confirmed.strength, flip.confirmed.annotator) == (old.strength, "R. Reader")
    assert not flip.review
    text = comparison_text(found)
    assert f"confirmed {old.strength} by R. Reader: this stands" in text
    assert text.count("REVIEW") == len(found.flips) - 1
    assert "5 flipped, 4 of them for review" in text


def test_runs_over_different_documents_say_so(corpus: Corpus) -> None:
    before, after = corpus.begin(year="2020"), corpus.begin(kind="jhws")
    corpus.drive(before)
    corpus.drive(after)
    with Session(corpus.engine) as session:
        found = compare_runs(session, before, after)
        with pytest.raises(RunNotFoundError, match="run_none: no run has this id"):
            compare_runs(session, before, "run_none")
    assert (found.documents, found.only_before, found.only_after) == (3, 0, 2)
