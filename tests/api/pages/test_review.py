"""The page of one document, as it comes from the service."""

from __future__ import annotations

import html
import json
import re
import time
from typing import Any

import httpx
import pytest

from classifier.codebook import Codebook
from tests.api.pages.people import visitor
from tests.api.service import RunningService, strategy, submit, wait_for
from tests.conftest import SAMPLE


@pytest.fixture(scope="session")
def sample(client: httpx.Client) -> str:
    """The sample strategy, scored."""
    made = submit(client, SAMPLE.read_bytes(), SAMPLE.name, authority="Saltmarsh").json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    return str(made["document_id"])


@pytest.fixture(scope="session")
def whole(client: httpx.Client, service: RunningService, sample: str) -> str:
    """Its page, as an annotator gets it."""
    with visitor(service, client) as page:
        return page.get(f"/documents/{sample}").text


def data_of(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="review-data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_every_criterion_stands_there_with_its_question_definition_and_levels(whole: str, codebook: Codebook) -> None:
    for criterion in codebook.criteria:
        assert html.escape(criterion.question, quote=False).replace("'", "&#39;") in whole
        assert html.escape(criterion.definition, quote=False).replace("'", "&#39;") in whole
        for level in (*criterion.levels, "not_enough_text"):
            assert f'name="level-{criterion.key}" value="{level}"' in whole
    assert list(data_of(whole)["criteria"]) == [criterion.key for criterion in codebook.criteria]
    assert list(data_of(whole)["labels"]) == list(codebook.labels)


def test_the_evidence_is_the_predictions_own(client: httpx.Client, whole: str, sample: str) -> None:
    kept = client.get(f"/v1/documents/{sample}/evidence").json()["evidence"]
    shown = [place for place in data_of(whole)["places"] if place["kind"] != "considered"]
    told = [(one["key"], one["quote"], one["page"], one["start"], one["boxes"]) for one in kept]
    assert sorted(told) == sorted((p["criterion"], p["quote"], p["page"], p["start"], p["boxes"]) for p in shown)
    assert all(place["shade"] == place["criterion"] for place in shown if place["criterion"] in ("primary", "tertiary"))


def test_the_model_s_answer_and_its_probabilities_are_told(client: httpx.Client, whole: str, sample: str) -> None:
    said = client.get(f"/v1/documents/{sample}/prediction").json()
    values = {key: one["value"] for key, one in data_of(whole)["criteria"].items()}
    assert values["strength"] == said["strength"]["label"]
    assert values["tertiary"] == said["tiers"]["tertiary"]["state"]
    assert values["carers"] == ("yes" if said["criteria"]["carers"]["value"] else "no")
    for p in said["strength"]["probabilities"].values():
        assert f"{p * 100:.0f} %" in whole


def test_where_nothing_was_found_the_nearest_passages_are_shown(client: httpx.Client, whole: str, sample: str) -> None:
    data = data_of(whole)
    found = {place["criterion"] for place in data["places"] if place["kind"] in ("for", "against")}
    absent = [key for key in data["criteria"] if key not in found]
    assert absent, "the sample leaves something out"
    considered = [place for place in data["places"] if place["kind"] == "considered"]
    assert {place["criterion"] for place in considered} <= set(absent)
    passages = {one["id"]: one for one in client.get(f"/v1/documents/{sample}/passages?limit=500").json()["passages"]}
    assert considered
    assert all(passages[place["passage"]]["text"] == place["quote"] for place in considered)
    assert max(sum(place["criterion"] == key for place in considered) for key in absent) <= 3


def test_a_draft_comes_back_with_the_page(client: httpx.Client, service: RunningService, sample: str) -> None:
    with visitor(service, client) as page:
        assert data_of(page.get(f"/documents/{sample}").text)["draft"] == {"id": None, "version": 0, "content": None}
        page.put(f"/v1/documents/{sample}/draft", json={"seen_version": 0, "content": {"note": "half done"}})
        assert data_of(page.get(f"/documents/{sample}").text)["draft"]["content"]["note"] == "half done"


def test_what_people_have_said_is_told_with_its_evidence(client: httpx.Client, service: RunningService, sample: str) -> None:  # fmt: skip
    with visitor(service, client) as page:
        place = data_of(page.get(f"/documents/{sample}").text)["places"][0]
        mark = {"criterion": "strength", "verdict": "removed", "passage_id": place["passage"], **{k: place[k] for k in ("page", "start", "end", "quote", "boxes")}}  # fmt: skip
        body = {"criteria": {"strength": "weak"}, "evidence": [mark], "note": "seen by two", "seen": None}
        made = page.post(f"/v1/documents/{sample}/annotations", json=body).json()["annotations"][-1]
        text = page.get(f"/documents/{sample}").text
        for said in ("Earlier reviews", "seen by two", "removed for strength"):
            assert said in text
        assert data_of(text)["seen"] == made["id"]


def test_a_viewer_may_look_and_not_answer(client: httpx.Client, service: RunningService, sample: str) -> None:
    with visitor(service, client, "viewer") as page:
        text = page.get(f"/documents/{sample}").text
        assert "Your role is viewer" in text
        assert 'type="radio"' not in text
        assert 'id="send"' not in text
        assert data_of(text)["mayReview"] is False


def test_a_document_without_pages_is_shown_as_text(client: httpx.Client, service: RunningService) -> None:
    made = submit(client, strategy("shown as text")).json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    passages = client.get(f"/v1/documents/{made['document_id']}/passages?limit=500").json()["passages"]
    with visitor(service, client) as page:
        text = page.get(f"/documents/{made['document_id']}").text
        for passage in passages:
            shown = re.search(rf'data-passage="{passage["id"]}" data-page="1">(.*?)</p>', text, re.DOTALL)
            assert shown is not None
            assert html.unescape(re.sub(r"</?mark[^>]*>", "", shown[1])) == passage["text"]
        assert '<mark class="mark ' in text


def test_documents_lead_to_each_other(client: httpx.Client, service: RunningService) -> None:
    first, second = (submit(client, strategy(f"neighbour {n}")).json() for n in (1, 2))
    for one in (first, second):
        wait_for(client, one["job_id"])
    with visitor(service, client) as page:
        assert (
            f'id="older" href="/documents/{first["document_id"]}"'
            in page.get(f"/documents/{second['document_id']}").text
        )
        assert (
            f'id="newer" href="/documents/{second["document_id"]}"'
            in page.get(f"/documents/{first['document_id']}").text
        )


def test_the_page_comes_quickly(client: httpx.Client, service: RunningService, sample: str) -> None:
    with visitor(service, client) as page:
        page.get(f"/documents/{sample}")
        begun = time.monotonic()
        page.get(f"/documents/{sample}")
        assert time.monotonic() - begun < 2
