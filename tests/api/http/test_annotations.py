"""What people say, given over HTTP."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, submit, wait_for


@pytest.fixture(scope="session")
def document(client: httpx.Client) -> str:
    """A scored document."""
    made = submit(client, strategy("for annotations")).json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    found: str = made["document_id"]
    return found


@pytest.fixture
def passage(service: RunningService, document: str) -> str:
    """The id of the document's first passage."""
    ((found,),) = service.rows(f"SELECT passage_id FROM passages WHERE document_id = '{document}' AND number = 0")
    return str(found)


def test_labels_for_a_document_and_a_passage_are_appended(
    client: httpx.Client, service: RunningService, document: str, passage: str
) -> None:
    model = client.get("/version").json()["model"]
    said = client.get(f"/v1/documents/{document}/prediction").json()["strength"]["label"]
    body = {"criteria": {"strength": said}, "passages": {passage: []}, "note": "as read", "model": model}
    answer = client.post(f"/v1/documents/{document}/annotations", json=body)
    assert answer.status_code == 201, answer.text
    whole, part = answer.json()["annotations"]
    assert (whole["criteria"], whole["labels"], whole["changed"], whole["model"]) == ({"strength": said}, None, False, model)  # fmt: skip
    assert (part["criteria"], part["labels"], part["passage_id"], part["note"]) == (None, [], passage, "as read")
    assert (whole["annotator"], whole["source"], whole["document_id"]) == ("administrator", "api", document)

    again = client.post(f"/v1/documents/{document}/annotations", json=body).json()["annotations"]
    assert {one["id"] for one in again}.isdisjoint({whole["id"], part["id"]}), "said twice is two annotations"
    listed = client.get(f"/v1/documents/{document}/annotations").json()["annotations"]
    assert [one["id"] for one in listed[:4]] == [one["id"] for one in (*again[::-1], part, whole)]
    ((after,),) = service.rows(f"SELECT after FROM audit_log WHERE subject = '{part['id']}'")
    assert json.loads(after)["passage_id"] == passage


def test_a_difference_from_the_prediction_is_found(client: httpx.Client, document: str) -> None:
    model = client.get("/version").json()["model"]
    said = client.get(f"/v1/documents/{document}/prediction").json()["strength"]["label"]
    other = {"criteria": {"strength": "very_weak" if said != "very_weak" else "weak"}}
    where = f"/v1/documents/{document}/annotations"
    assert client.post(where, json={**other, "model": model}).json()["annotations"][0]["changed"] is True
    assert client.post(where, json=other).json()["annotations"][0]["changed"] is None


def test_a_repeated_request_adds_nothing(client: httpx.Client, document: str) -> None:
    where, headers = f"/v1/documents/{document}/annotations", {"Idempotency-Key": "once"}
    first = client.post(where, json={"criteria": {"carers": "yes"}}, headers=headers)
    again = client.post(where, json={"criteria": {"carers": "yes"}}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    problem(client.post(where, json={"criteria": {"carers": "no"}}, headers=headers), 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        ({}, "invalid_annotation", "no criterion is labelled"),
        ({"criteria": {"strength": "fair"}}, "invalid_annotation", "'fair' is no level of 'strength'; use one of"),
        ({"criteria": {"quality": "yes"}}, "invalid_annotation", "no criterion 'quality'"),
        (
            {"criteria": {"carers": "yes"}, "passages": {"0" * 16: ["primary"]}},
            "invalid_annotation",
            "is no passage of",
        ),
        ({"criteria": {"carers": "yes"}, "model": "other"}, "model_unknown", "'other' is not at hand"),
        ({"criteria": {"carers": "yes"}, "note": "a\x00b"}, "invalid_request", "note: "),
        ({"criteria": {"carers": 1}}, "invalid_request", "criteria.carers: "),
        ({"passages": {"p": []}}, "invalid_request", "passages.p"),
        ({"labels": {}}, "invalid_request", "labels: "),
    ],
)
def test_what_does_not_hold_is_refused_whole(
    client: httpx.Client, service: RunningService, document: str, body: object, code: str, said: str
) -> None:
    before = service.rows("SELECT count(*) FROM annotations")
    found = problem(client.post(f"/v1/documents/{document}/annotations", json=body), 422, code)
    assert said in found.detail
    assert service.rows("SELECT count(*) FROM annotations") == before


def test_annotations_are_listed_in_pages(client: httpx.Client, document: str) -> None:
    made = [
        client.post(f"/v1/documents/{document}/annotations", json={"criteria": {"carers": "yes"}}).json()["annotations"][0]["id"]
        for _ in range(3)
    ]  # fmt: skip
    for path in ("/v1/annotations", f"/v1/documents/{document}/annotations"):
        first = client.get(path, params={"limit": 2}).json()
        second = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()
        assert [one["id"] for one in (*first["annotations"], *second["annotations"])][:3] == made[::-1]
    problem(client.get("/v1/documents/doc_none/annotations"), 404, "document_not_found")
    problem(client.post("/v1/documents/doc_none/annotations", json={"criteria": {"carers": "yes"}}), 404, "document_not_found")  # fmt: skip
