"""Scoring in stages says what scoring in one go says, and makes nothing again that is kept."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from classifier.artefact import HEADS, MANIFEST, Artefact, Parts, current_model, load_parts
from classifier.cache import Cache
from classifier.document import Document, Page
from classifier.encoder import Logits, PassageModel, Progress, Text
from classifier.prediction import Prediction
from classifier.reading import read_document
from classifier.score import score_passages
from classifier.staged import StagedScorer
from tests.conftest import SAMPLE, KeywordModel


@pytest.fixture(scope="module")
def sample() -> Document:
    return read_document(SAMPLE, ocr=False)


def parts_of(model: Artefact, passages: PassageModel | None = None, digest: str = "one") -> Parts:
    return Parts(model.id, model.codebook, model.heads, digest, lambda: passages or model.passages)


def refuse() -> Document:
    raise AssertionError("the file was read again")


class Never:
    """A passage model that must not be asked."""

    def logits(self, texts: Sequence[Text], progress: Progress | None = None) -> Logits:
        raise AssertionError("the encoder was run again")


def test_stages_say_what_one_go_says(sample: Document, stub: Artefact, model: Artefact, tmp_path: Path) -> None:
    for number, artefact in enumerate((stub, model)):
        whole = score_passages(sample, artefact)
        staged = StagedScorer(parts_of(artefact, digest=str(number)), Cache(tmp_path))
        found = staged.score(sample.digest, sample.name, lambda: sample)
        assert Prediction.model_validate(found["prediction"]) == whole.prediction
        assert [row["passage_id"] for row in found["passages"]] == [p.id for p in whole.passages]
        assert found["probabilities"]["primary"] == [round(float(p), 4) for p in whole.probabilities["primary"]]
        # Kept, it comes back to the last bit, without the file and without the encoder.
        again = StagedScorer(parts_of(artefact, Never(), str(number)), Cache(tmp_path))
        assert again.score(sample.digest, sample.name, refuse) == found
        assert set(again.seconds) == {"strength"}


def test_a_new_strength_head_needs_neither_the_file_nor_the_encoder(
    sample: Document, stub: Artefact, tmp_path: Path
) -> None:
    first = StagedScorer(parts_of(stub), Cache(tmp_path)).score(sample.digest, sample.name, lambda: sample)
    head = stub.heads.strength
    changed = head.model_copy(update={"cuts": [cut + 9.0 for cut in head.cuts]})
    other = replace(stub, id="other", heads=stub.heads.model_copy(update={"strength": changed, "coverage": 0.95}))
    scorer = StagedScorer(parts_of(other, Never()), Cache(tmp_path))
    found = scorer.score(sample.digest, sample.name, refuse)
    assert Prediction.model_validate(found["prediction"]) == score_passages(sample, other).prediction
    assert found["prediction"]["strength"]["label"] == "very_weak" != first["prediction"]["strength"]["label"]
    assert set(scorer.seconds) == {"strength"}


def test_other_heads_need_the_pages_but_not_the_encoder(sample: Document, stub: Artefact, tmp_path: Path) -> None:
    StagedScorer(parts_of(stub), Cache(tmp_path)).score(sample.digest, sample.name, lambda: sample)
    tiers = {name: t.model_copy(update={"cuts": [5.0, 6.0]}) for name, t in stub.heads.tiers.items()}
    other = replace(stub, heads=stub.heads.model_copy(update={"tiers": tiers}))
    found = StagedScorer(parts_of(other, Never()), Cache(tmp_path)).score(sample.digest, sample.name, refuse)
    assert Prediction.model_validate(found["prediction"]) == score_passages(sample, other).prediction
    assert {tier["state"] for tier in found["prediction"]["tiers"].values()} == {"none"}


def test_a_new_encoder_needs_the_pages_but_not_the_file(sample: Document, stub: Artefact, tmp_path: Path) -> None:
    StagedScorer(parts_of(stub), Cache(tmp_path)).score(sample.digest, sample.name, lambda: sample)

    class Other(KeywordModel):
        words = {**KeywordModel.words, "primary": ("swimming",)}  # noqa: RUF012

    other = replace(stub, passages=Other())
    scorer = StagedScorer(parts_of(other, digest="two"), Cache(tmp_path))
    found = scorer.score(sample.digest, sample.name, refuse)
    assert Prediction.model_validate(found["prediction"]) == score_passages(sample, other).prediction
    assert scorer.seconds["encoding"] > 0


def test_a_document_of_few_words_stays_unanswered(stub: Artefact, tmp_path: Path) -> None:
    short = Document("a" * 64, "short.txt", "text", (Page(1, "Too short to say anything.", ()),))
    scorer = StagedScorer(parts_of(stub, Never()), Cache(tmp_path))
    found = scorer.score(short.digest, "renamed.txt", lambda: short)
    assert found["prediction"]["strength"]["label"] is None
    assert found["prediction"]["document"]["file"] == "renamed.txt"
    assert scorer.score(short.digest, "renamed.txt", refuse) == found


def test_the_digest_of_the_passage_model_leaves_the_heads_out(tmp_path: Path) -> None:
    here = current_model()
    digests = []
    for change in (b"", b"\n"):
        folder = tmp_path / f"model{len(change)}"
        shutil.copytree(here, folder)
        heads = (folder / HEADS).read_bytes() + change
        (folder / HEADS).write_bytes(heads)
        manifest = json.loads((folder / MANIFEST).read_bytes())
        manifest["files"][HEADS] = hashlib.sha256(heads).hexdigest()
        (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        digests.append(load_parts(folder).passages_digest)
    assert digests[0] == digests[1]
