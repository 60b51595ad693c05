"""Drafts, selected text, and reviews that carry evidence, over HTTP."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, submit, wait_for

_numbers = itertools.count()


@pytest.fixture
def document(client: httpx.Client) -> str:
    """A scored document that nobody has said anything of."""
    made = submit(client, strategy(f"for drafts {next(_numbers)}")).json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    return str(made["document_id"])


def content(**given: Any) -> dict[str, Any]:
    return {"criteria": {}, "passages": {}, "evidence": [], "note": None, "model": None, "seen": None, **given}


def keep(client: httpx.Client, document: str, seen: int, **given: Any) -> httpx.Response:
    return client.put(f"/v1/documents/{document}/draft", json={"seen_version": seen, "content": content(**given)})


def quote_in(client: httpx.Client, document: str, text: str = "Health checks find people") -> dict[str, Any]:
    answer = client.post(f"/v1/documents/{document}/quotes", json={"page": 1, "text": text})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["quotes"][0]
    return found


def test_a_draft_is_kept_written_over_and_thrown_away(client: httpx.Client, document: str) -> None:
    where = f"/v1/documents/{document}/draft"
    assert client.get(where).json() == {"id": None, "version": 0, "content": None, "changed": None}
    first = keep(client, document, 0, criteria={"carers": "yes"}).json()
    second = keep(client, document, 1, criteria={"carers": "no"}).json()
    assert (first["version"], second["version"], second["id"]) == (1, 2, first["id"])
    assert client.get(where).json()["content"]["criteria"] == {"carers": "no"}
    assert client.delete(where).status_code == 204
    assert client.get(where).json()["version"] == 0


def test_a_window_that_has_not_seen_the_newest_version_changes_nothing(client: httpx.Client, document: str) -> None:
    keep(client, document, 0, criteria={"carers": "yes"})
    for seen in (0, 2):
        found = problem(keep(client, document, seen, criteria={"carers": "no"}), 409, "draft_changed")
        assert "another window" in found.detail
    assert client.get(f"/v1/documents/{document}/draft").json()["content"]["criteria"] == {"carers": "yes"}


def test_of_many_windows_at_once_one_is_kept_each_time(service: RunningService, document: str) -> None:
    def write(number: int) -> int:
        with service.client() as window:
            return keep(window, document, 0, note=f"window {number}").status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(write, range(16)))
    assert answers == [200] + [409] * 15


def test_a_draft_is_its_owners_alone(service: RunningService, client: httpx.Client, keys: dict[str, str], document: str) -> None:  # fmt: skip
    keep(client, document, 0, note="mine")
    with service.client(keys["annotator"]) as other:
        assert other.get(f"/v1/documents/{document}/draft").json()["version"] == 0
    with service.client(keys["viewer"]) as viewer:
        problem(viewer.get(f"/v1/documents/{document}/draft"), 403, "role_too_low")
        problem(keep(viewer, document, 0), 403, "role_too_low")
        problem(viewer.post(f"/v1/documents/{document}/quotes", json={"page": 1, "text": "words"}), 403, "role_too_low")


def test_bad_drafts_are_refused(client: httpx.Client, document: str) -> None:
    problem(client.put(f"/v1/documents/{document}/draft", json={"seen_version": -1, "content": {}}), 422, "invalid_request")  # fmt: skip
    problem(keep(client, document, 0, labels={}), 422, "invalid_request")
    problem(keep(client, "doc_none", 0), 404, "document_not_found")
    problem(client.delete("/v1/documents/doc_none/draft"), 404, "document_not_found")


def test_selected_text_is_found_and_becomes_evidence(client: httpx.Client, document: str) -> None:
    found = quote_in(client, document)
    assert found["quote"] == "Health checks find people"
    mark = {"criterion": "secondary", "verdict": "added", **found}
    where = f"/v1/documents/{document}/annotations"
    answer = client.post(where, json=content(criteria={"secondary": "emphasised"}, evidence=[mark]))
    assert answer.status_code == 201, answer.text
    (said,) = answer.json()["annotations"]
    assert said["evidence"] == [mark]
    assert client.get(where).json()["annotations"][0]["evidence"] == [mark]


def test_evidence_may_be_removed_without_an_answer(client: httpx.Client, document: str) -> None:
    mark = {"criterion": "primary", "verdict": "removed", **quote_in(client, document)}
    (said,) = client.post(f"/v1/documents/{document}/annotations", json=content(evidence=[mark])).json()["annotations"]
    assert (said["criteria"], said["evidence"]) == ({}, [mark])


def test_a_review_sent_twice_is_kept_once_with_its_evidence(client: httpx.Client, document: str) -> None:
    mark = {"criterion": "secondary", "verdict": "added", **quote_in(client, document)}
    body, headers = content(criteria={"carers": "yes"}, evidence=[mark]), {"Idempotency-Key": f"draft of {document}"}
    where = f"/v1/documents/{document}/annotations"
    first, again = (client.post(where, json=body, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = client.post(where, json={**body, "evidence": []}, headers=headers)
    problem(other, 422, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"quote": "Health checks lose people"}, "does not stand at"),
        ({"start": 0, "end": 25}, "does not stand at"),
        ({"page": 2}, "does not stand at"),
        ({"passage_id": "0" * 16}, "is no passage of"),
        ({"criterion": "quality"}, "no criterion 'quality'"),
    ],
)
def test_evidence_that_is_not_there_is_refused_whole(
    client: httpx.Client, service: RunningService, document: str, change: dict[str, Any], said: str
) -> None:
    mark = {"criterion": "secondary", "verdict": "added", **quote_in(client, document), **change}
    body = content(criteria={"carers": "yes"}, evidence=[mark])
    found = problem(client.post(f"/v1/documents/{document}/annotations", json=body), 422, "invalid_annotation")
    assert said in found.detail
    assert service.rows(f"SELECT count(*) FROM annotations WHERE document_id = '{document}'") == [(0,)]


def test_words_that_are_not_on_the_page_are_not_found(client: httpx.Client, document: str) -> None:
    for text, page in (("words of another strategy", 1), ("Health checks", 99)):
        answer = client.post(f"/v1/documents/{document}/quotes", json={"page": page, "text": text})
        problem(answer, 422, "quote_not_found")


def test_too_little_text_is_an_answer_to_any_criterion(client: httpx.Client, document: str) -> None:
    body = content(criteria={"strength": "not_enough_text", "carers": "not_enough_text"})
    (said,) = client.post(f"/v1/documents/{document}/annotations", json=body).json()["annotations"]
    assert said["criteria"] == body["criteria"]
    other = content(criteria={"quality": "not_enough_text"})
    problem(client.post(f"/v1/documents/{document}/annotations", json=other), 422, "invalid_annotation")


def test_who_has_not_seen_anothers_review_is_told_and_loses_nothing(
    service: RunningService, client: httpx.Client, keys: dict[str, str], document: str
) -> None:
    where = f"/v1/documents/{document}/annotations"
    with service.client(keys["annotator"]) as other:
        theirs = other.post(where, json=content(criteria={"carers": "no"}, seen="")).json()["annotations"][0]
    mine = content(criteria={"carers": "yes"}, seen="")
    found = problem(client.post(where, json=mine), 409, "annotated_meanwhile")
    assert "annotator has annotated" in found.detail
    assert len(client.get(where).json()["annotations"]) == 1
    assert client.post(where, json={**mine, "seen": theirs["id"]}).status_code == 201
    # Their own second review is no conflict with their first.
    assert client.post(where, json={**mine, "seen": theirs["id"]}).status_code == 201


def test_of_two_people_at_the_same_moment_the_second_is_told(service: RunningService, keys: dict[str, str], document: str) -> None:  # fmt: skip
    def review(role: str) -> int:
        with service.client(keys[role]) as person:
            body = content(criteria={"carers": "yes"}, seen="")
            return person.post(f"/v1/documents/{document}/annotations", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(review, ["annotator", "adjudicator", "admin"]))
    assert answers == [201, 409, 409]
