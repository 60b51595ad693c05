"""Exports over HTTP."""

from __future__ import annotations

import csv
import io
import json
import re

import httpx
import pytest

from tests.api.http.test_documents import problem
from tests.api.service import strategy, submit, wait_for

FORMATS = {"csv": "csv", "xlsx": "xlsx", "jsonl": "jsonl", "label-studio": "json", "web-annotation": "jsonld"}


@pytest.fixture(scope="session")
def document(client: httpx.Client) -> str:
    """A scored document of its own authority."""
    made = submit(client, strategy("exported"), authority="=Exported", kind="ics", year="2031").json()
    wait_for(client, made["job_id"])
    found: str = made["document_id"]
    return found


def exported(client: httpx.Client, name: str) -> httpx.Response:
    answer = client.get(f"/v1/exports/{name}", params={"authority": "=Exported", "kind": "ics", "year": 2031})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_has_a_name_with_the_date(client: httpx.Client, document: str, name: str) -> None:
    given = exported(client, name).headers["content-disposition"]
    assert re.fullmatch(rf'attachment; filename="[a-z-]+-\d{{4}}-\d\d-\d\d\.{FORMATS[name]}"', given)
    assert client.get(f"/v1/exports/{name}", params={"year": 1900}).status_code == 200


def test_a_row_a_line_and_a_task_for_the_document(client: httpx.Client, document: str) -> None:
    (row,) = csv.DictReader(io.StringIO(exported(client, "csv").text))
    prediction = client.get(f"/v1/documents/{document}/prediction")
    assert (row["document_id"], row["authority"]) == (document, "'=Exported")
    assert row["strength"] == prediction.json()["strength"]["label"]
    assert exported(client, "jsonl").text == prediction.text + "\n"
    (task,) = exported(client, "label-studio").json()
    assert task["data"]["document_id"] == document
    (predicted,) = task["predictions"]
    for result in predicted["result"]:
        if result["type"] == "labels":
            value = result["value"]
            assert task["data"]["text"][value["start"] : value["end"]] == value["text"]
    found = exported(client, "web-annotation").json()
    assert found["total"] == len(found["first"]["items"]) > 0
    target = found["first"]["items"][0]["target"][0]
    assert client.get(target["source"]["id"]).content == strategy("exported")


def test_an_export_of_nothing_is_whole(client: httpx.Client) -> None:
    def empty(name: str) -> httpx.Response:
        return client.get(f"/v1/exports/{name}", params={"authority": "nobody"})

    assert empty("label-studio").json() == []
    assert empty("web-annotation").json()["total"] == 0
    assert empty("jsonl").content == b""
    assert len(empty("csv").text.splitlines()) == 1
    assert empty("xlsx").content.startswith(b"PK")


@pytest.mark.parametrize("query", ["year=x", "year=99999999999999999999", "authority=%00", "authority=", "kind=NO"])
def test_a_filter_that_is_none_is_refused(client: httpx.Client, query: str) -> None:
    problem(client.get(f"/v1/exports/csv?{query}"), 422, "invalid_request")


def test_everything_is_exported(client: httpx.Client, document: str) -> None:
    lines = [json.loads(line) for line in client.get("/v1/exports/jsonl").text.splitlines()]
    assert len({line["document"]["digest"] for line in lines}) == len(lines) >= 1
