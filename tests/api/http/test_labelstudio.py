"""Real round trips: tasks out, labelled as Label Studio labels them, annotations in; and Label Studio asking by itself."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.labelstudio.configuration import CRITERION
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, submit, wait_for

IMPORT, HOOK = "/v1/label-studio/annotations", "/label-studio/webhook"
_numbers = iter(range(1, 10_000))


@pytest.fixture(scope="session")
def task(client: httpx.Client) -> dict[str, Any]:
    """A task as the service exports it, of a document with an emoji before its labelled passages."""
    text = strategy("of smiles").replace(b"## Prevention\n\n", "## Prevention\n\n🐱 Welcome 😀. ".encode())
    made = submit(client, text, "smiles.md", authority="Smiles").json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    (found,) = client.get("/v1/exports/label-studio", params={"authority": "Smiles"}).json()
    assert "🐱" in found["data"]["text"]
    result: dict[str, Any] = found
    return result


def annotated(task: dict[str, Any], *, began: bool = True, **changes: Any) -> dict[str, Any]:
    """Return a task as Label Studio exports it once the prediction has been accepted as it is."""
    number = next(_numbers)
    (predicted,) = task["predictions"]
    moment = f"2026-11-30T10:00:00.{number:06}Z"
    annotation = {
        "id": number, "completed_by": {"id": 3, "email": "reader@example.org"}, "result": copy.deepcopy(predicted["result"]),
        "was_cancelled": False, "ground_truth": False, "created_at": moment, "updated_at": moment, "lead_time": 12.5, "task": number,
        "parent_prediction": 9 if began else None, "prediction": {"id": 9, **predicted} if began else {}, **changes,
    }  # fmt: skip
    return {"id": number, "data": task["data"], "annotations": [annotation], "predictions": [], "project": 1}


def regions(exported: dict[str, Any]) -> list[dict[str, Any]]:
    return [result for result in exported["annotations"][0]["result"] if result["type"] == "labels"]


def taken(client: httpx.Client, *tasks: Any) -> dict[str, Any]:
    answer = client.post(IMPORT, json=list(tasks))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def kept(client: httpx.Client, exported: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the store keeps of an exported task's annotation."""
    path = f"/v1/documents/{exported['data']['document_id']}/annotations"
    start = f"{exported['annotations'][0]['id']}@"
    return [
        a for a in client.get(path, params={"limit": 200}).json()["annotations"] if a["source_id"].startswith(start)
    ]


def test_an_accepted_prediction_comes_in_unchanged_and_only_once(
    client: httpx.Client, service: RunningService, task: dict[str, Any]
) -> None:
    exported = annotated(task)
    count = 1 + len(regions(exported))
    assert count > 1
    expected = {"tasks": 1, "annotations": 1, "added": count, "there": 0, "skipped": 0, "faults": []}
    assert taken(client, exported) == expected
    assert taken(client, exported) == {**expected, "added": 0, "there": count}
    found = kept(client, exported)
    assert len(found) == count
    assert {one["changed"] for one in found} == {False}
    assert {one["model"] for one in found} == {client.get("/version").json()["model"]}
    assert {(one["annotator"], one["source"]) for one in found} == {("reader@example.org", "label-studio")}
    (whole,) = [one for one in found if one["passage_id"] is None]
    assert whole["source_id"] == f"{exported['annotations'][0]['id']}@{exported['annotations'][0]['updated_at']}"
    logged = service.rows(f"SELECT count(*) FROM audit_log WHERE action = 'annotation.added' AND subject IN ({', '.join(repr(one['id']) for one in found)})")  # fmt: skip
    assert logged == [(count,)]


def test_corrections_are_found_by_comparison_whatever_origin_says(client: httpx.Client, task: dict[str, Any]) -> None:
    exported = annotated(task)
    first, *others = regions(exported)
    first["value"]["labels"], first["origin"] = ["loneliness"], "prediction"
    exported["annotations"][0]["result"].remove(others[0])
    for result in exported["annotations"][0]["result"]:
        if result["from_name"] == CRITERION + "strength":
            result["value"]["choices"] = ["weak" if result["value"]["choices"] != ["weak"] else "strong"]
            result["origin"] = "prediction"
        elif result is not first:
            result["origin"] = "manual"
    assert taken(client, exported)["faults"] == []
    found = {one["passage_id"]: one for one in kept(client, exported)}
    assert (found[first["id"]]["labels"], found[first["id"]]["changed"]) == (["loneliness"], True)
    assert (found[others[0]["id"]]["labels"], found[others[0]["id"]]["changed"]) == ([], True)
    assert found[None]["changed"] is True
    assert all(found[other["id"]]["changed"] is False for other in others[1:])


def test_a_label_on_words_after_an_emoji_is_its_passages(client: httpx.Client, task: dict[str, Any]) -> None:
    exported = annotated(task, began=False)
    text = task["data"]["text"]
    start = text.index("reablement", text.index("😀"))
    value = {"start": start, "end": start + 10, "text": "reablement", "labels": ["tertiary"]}
    exported["annotations"][0]["result"] = [{**regions(exported)[0], "value": value}]
    assert taken(client, exported)["added"] == 1
    (found,) = kept(client, exported)
    assert (found["labels"], found["model"], found["changed"]) == (["tertiary"], None, None)
    value |= {"start": start + 2, "end": start + 12}
    exported["annotations"][0] |= {"updated_at": "2026-11-30T12:00:00Z"}
    assert taken(client, exported)["added"] == 1, "an old export counts UTF-16 units"


def test_faults_are_named_by_task_and_region_and_the_good_ones_kept(client: httpx.Client, task: dict[str, Any]) -> None:  # fmt: skip
    exported = annotated(task)
    first, second = regions(exported)[:2]
    first["value"]["labels"] = [*first["value"]["labels"], "mention"]
    second["value"]["text"] = "what never stood there"
    nowhere = annotated({**task, "data": {**task["data"], "document_id": "doc_none"}})
    bare = annotated(task)
    del bare["annotations"][0]["id"]
    other = annotated(task)
    other["annotations"][0]["prediction"]["model_version"] = "another"
    skipped = annotated(task, was_cancelled=True)
    found = taken(client, exported, nowhere, bare, other, skipped, None)
    named = [(fault["task"], fault["annotation"], fault["region"]) for fault in found["faults"]]
    number = str(exported["id"])
    assert named == [
        (number, number, first["id"]), (number, number, second["id"]), (str(nowhere["id"]), None, None),
        (str(bare["id"]), "number 1", None), (str(other["id"]), str(other["id"]), None), ("number 6", None, None),
    ]  # fmt: skip
    assert all(";" in fault["detail"] for fault in found["faults"])
    assert found["skipped"] == 1
    assert found["added"] == (len(regions(exported))) + 1 + len(regions(other))
    assert {one["changed"] for one in kept(client, other)} == {None}
    assert second["id"] not in {one["passage_id"] for one in kept(client, exported)}


def test_the_same_version_with_other_labels_is_a_fault(client: httpx.Client, task: dict[str, Any]) -> None:
    exported = annotated(task)
    taken(client, exported)
    regions(exported)[0]["value"]["labels"] = ["loneliness"]
    found = taken(client, exported)
    assert (found["added"], len(found["faults"])) == (0, 1)
    assert "is here already with other labels" in found["faults"][0]["detail"]


def test_the_configuration_is_xml(client: httpx.Client) -> None:
    answer = client.get("/v1/label-studio/config")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.text.startswith("<View>")


def test_label_studio_asks_with_basic_authentication(
    service: RunningService, client: httpx.Client, task: dict[str, Any]
) -> None:
    base = f"http://127.0.0.1:{service.port}/label-studio"
    assert httpx.get(f"{base}/health").json()["status"] == "UP"
    auth = ("key", service.key)
    body = {"project": "1.2", "schema": "<View/>", "hostname": "http://localhost", "access_token": "secret"}
    assert httpx.post(f"{base}/setup", json=body, auth=auth).json() == {"model_version": task["predictions"][0]["model_version"]}  # fmt: skip
    words = "🐱 Hello.\n\nReablement after a stay in hospital brings people home again."
    tasks = [{"id": 1, "data": task["data"]}, {"id": 2, "data": {"text": words}}, {"id": 3, "data": {"other": 1}}]
    asked = {"tasks": tasks, "project": "1.2", "label_config": "<View/>", "params": {"context": None}}
    answer = httpx.post(f"{base}/predict", json=asked, auth=auth, timeout=60)
    known, text, nothing = answer.json()["results"]
    assert known == task["predictions"][0]
    assert [r["value"]["labels"] for r in text["result"]] == [["tertiary"]]
    value = text["result"][0]["value"]
    assert words[value["start"] : value["end"]] == value["text"] == words.partition("\n\n")[2]
    assert nothing["result"] == []
    for wrong in (("other", service.key), ("key", "nonsense"), ("key", "")):
        assert httpx.post(f"{base}/setup", json={}, auth=wrong).status_code == 401
    assert httpx.get(f"http://127.0.0.1:{service.port}/v1/models", auth=auth).status_code == 401


def test_too_much_foreign_text_is_refused(client: httpx.Client) -> None:
    for text in ("word\n\n" * 201, "a" * 4001):
        problem(client.post("/label-studio/predict", json={"tasks": [{"data": {"text": text}}]}), 422, "too_much_text")
    problem(client.post("/label-studio/predict", json=[]), 422, "no_tasks")


def test_an_event_brings_an_annotation(client: httpx.Client, task: dict[str, Any]) -> None:
    exported = annotated(task)
    (annotation,) = exported.pop("annotations")
    event = {"action": "ANNOTATION_CREATED", "task": exported, "annotation": annotation, "project": {"id": 1}}
    answer = client.post(HOOK, json=event)
    assert (answer.status_code, answer.json()["status"]) == (201, "ok")
    assert answer.json()["result"]["added"] == 1 + sum(r["type"] == "labels" for r in annotation["result"])
    assert client.post(HOOK, json=event).json()["result"]["added"] == 0
    annotation["updated_at"] = "2026-12-01T00:00:00Z"
    again = client.post(HOOK, json={**event, "action": "ANNOTATION_UPDATED"}).json()["result"]
    assert again["added"] == answer.json()["result"]["added"]
    ignored = client.post(HOOK, json={**event, "action": "ANNOTATIONS_DELETED"})
    assert (ignored.status_code, ignored.json()) == (200, {"status": "Unknown event", "result": None})


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"7", b'["\\ud800"]', b"[" * 10_000, b"[NaN]", b"\xff"])
def test_what_is_no_export_is_refused(client: httpx.Client, body: bytes) -> None:
    for path in (IMPORT, "/label-studio/predict"):
        assert client.post(path, content=body).status_code == 422


def fuzzed(task: dict[str, Any], data: st.DataObject) -> Any:
    """Return an exported task with a few places of it replaced by anything."""
    anything: st.SearchStrategy[Any] = st.sampled_from(
        [None, True, 0, -1, 2**70, 1.5, "", "a\x00b", "😀", [], {}, [[]], {"id": {}}, "x" * 5000]
    )
    # Copied, and so is what is put in: the next example must begin with the same task.
    whole: Any = copy.deepcopy(annotated(task))
    for _ in range(data.draw(st.integers(1, 4))):
        node = whole
        while isinstance(node, dict | list) and node:
            key: Any = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
                node[key] = copy.deepcopy(data.draw(anything))
                break
            node = node[key]
    return whole


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_fuzzed_import_loses_nothing_and_never_fails(client: httpx.Client, task: dict[str, Any], data: st.DataObject) -> None:  # fmt: skip
    whole = fuzzed(task, data)
    body = json.dumps([whole])
    answer = client.post(IMPORT, content=body)
    assert answer.status_code == 200, (answer.text, body[:300])
    told = answer.json()
    assert told["added"] + told["there"] + told["skipped"] + len(told["faults"]) > 0 or whole.get("annotations") == []
    hook = {"action": "ANNOTATION_CREATED", "task": whole, "annotation": (whole.get("annotations") or [None])[0] if isinstance(whole.get("annotations"), list) else None}  # fmt: skip
    assert client.post(HOOK, content=json.dumps(hook)).status_code == 201
    assert client.post("/label-studio/predict", content=json.dumps({"tasks": [whole]})).status_code in (200, 422)
