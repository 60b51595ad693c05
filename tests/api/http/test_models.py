"""Models are exchanged while the service runs: no request is dropped, every answer names the model it comes from."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from classifier.agreement import Interval
from classifier.artefact import MANIFEST, check_files, current_model
from classifier.gate import REPORT, Compared, GateReport, judge
from tests.api.databases import BACKENDS, database_url
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, submit, wait_for

_ASKED = {"passages": [{"text": "Reablement at home for six weeks after a stay in hospital."}]}


def add_model(models: Path, name: str) -> Path:
    """Put a copy of the released model into a folder of models, under another id."""
    folder = models / name
    shutil.copytree(current_model(), folder)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps({**manifest, "id": name}), encoding="utf-8")
    return folder


def judged(folder: Path, against: str, value: float) -> None:
    """Write a gate report into a model's folder: it gained so much."""
    gained = Interval(value=value, low=value, high=value)
    figure = Compared(figure="mean F1", items=463, before=0.7, after=0.7 + value, difference=gained, role="first")
    report = GateReport(
        model=folder.name, against=against, frozen_set="0" * 64, snapshot="s", corrections=60, figures=[figure],
        confusion_before=[[1] * 5] * 5, confusion_after=[[2] * 5] * 5, verdict=judge([figure]),
    )  # fmt: skip
    (folder / REPORT).write_text(report.model_dump_json(), encoding="utf-8")


@pytest.fixture(scope="module", params=BACKENDS)
def changing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with a folder of models of its own: `one` in use, `two` let through by the gate, `three` refused."""
    models = tmp_path_factory.mktemp("models")
    add_model(models, "one")
    judged(add_model(models, "two"), "one", 0.05)
    judged(add_model(models, "three"), "one", -0.05)
    (models / "CURRENT").write_text("one\n", encoding="utf-8")
    with database_url(request.param) as url:
        running = RunningService(models.parent / f"{models.name}-data", url, PREVENTION_MODELS=str(models))
        running.start()
        yield running
        running.stop()


def test_no_request_is_dropped_and_every_answer_names_its_model(changing: RunningService) -> None:
    ended = threading.Event()
    said: list[tuple[float, float, int, str]] = []

    def ask() -> None:
        with changing.client() as client:
            while not ended.is_set():
                begun = time.monotonic()
                answer = client.post("/v1/passages:score", json=_ASKED)
                said.append((begun, time.monotonic(), answer.status_code, answer.json().get("model", answer.text)))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    with changing.client() as client:
        first = submit(client, strategy("scored twice")).json()
        wait_for(client, first["job_id"])
        where = f"/v1/documents/{first['document_id']}/prediction"
        assert client.get(where).json()["model"] == "one"
        for asker in askers:
            asker.start()
        answer = client.post("/v1/models/two:promote", json={"why": "better"})
        assert (answer.status_code, answer.json()["model"], answer.json()["before"]) == (200, "two", "one")
        promoted = time.monotonic()
        assert client.get("/version").json()["model"] == "two"
        assert client.get(where).json()["model"] == "one", "what was said stays, under the model that said it"
        again = submit(client, strategy("scored twice"))
        assert again.status_code == 202, "another model has not scored it yet"
        assert wait_for(client, again.json()["job_id"])["status"] == "succeeded"
        assert client.get(where).json()["model"] == "two"
        back = time.monotonic()
        assert client.post("/v1/models:rollback", json={}).json()["model"] == "one"
        assert client.get(where).json()["model"] == "one"
        ended.set()
        for asker in askers:
            asker.join()
        changes = client.get("/v1/models").json()["changes"]
        assert [(c["before"], c["model"], c["why"]) for c in changes[-2:]] == [("two", "one", "rolled back"), ("one", "two", "better")]  # fmt: skip
        actions = [entry["action"] for entry in client.get("/v1/audit").json()["entries"]]
        assert {"model.promoted", "model.rolled_back"} <= set(actions)
    assert {status for _, _, status, _ in said} <= {200, 503}, said
    answered = [(begun, done, model) for begun, done, status, model in said if status == 200]
    assert len(answered) > 3
    assert {model for begun, done, model in answered if promoted < begun and done < back} <= {"two"}
    assert {model for _, _, model in answered} <= {"one", "two"}


def test_a_change_made_elsewhere_is_taken_up(changing: RunningService) -> None:
    models = Path(changing.environment["PREVENTION_MODELS"])
    with changing.client() as client:
        (models / "CURRENT").write_text("two\n", encoding="utf-8")
        assert _comes_to(client, "two")
        # A damaged model is not taken up, and the one in use goes on.
        broken = add_model(models, "broken")
        (broken / "heads.json").write_text("{}", encoding="utf-8")
        (models / "CURRENT").write_text("broken\n", encoding="utf-8")
        time.sleep(2.5)
        assert client.get("/version").json()["model"] == "two"
        assert client.post("/v1/passages:score", json=_ASKED).json()["model"] == "two"
        shutil.rmtree(broken)
        (models / "CURRENT").write_text("one\n", encoding="utf-8")
        assert _comes_to(client, "one")
    assert any(line["event"] == "a model could not be taken up" for line in changing.lines())


def _comes_to(client: httpx.Client, model: str) -> bool:
    for _ in range(100):
        if client.get("/version").json()["model"] == model:
            return True
        time.sleep(0.1)
    return False


def test_the_models_page_has_what_it_shows(changing: RunningService) -> None:
    with changing.client() as client:
        found = client.get("/v1/models/three").json()
        assert found["gate"]["verdict"]["promoted"] is False
        assert found["gate"]["confusion_before"] == [[1] * 5] * 5
        assert found["card"].startswith("# Model card")
        assert "documents_held_out" in found["metrics"]
        problem(client.get("/v1/models/none"), 404, "model_not_found")
        problem(client.get("/v1/models/.."), 404, "not_found")


def test_what_may_not_be_put_into_use_is_told(changing: RunningService) -> None:
    with changing.client() as client:
        refused = problem(client.post("/v1/models/three:promote", json={}), 409, "model_refused")
        assert "the gate refused it: mean F1 0.700 → 0.650" in refused.detail
        problem(client.post("/v1/models/none:promote", json={}), 404, "model_not_found")
        problem(client.post("/v1/models/two:promote", json={"why": ""}), 422, "invalid_request")
        assert client.get("/version").json()["model"] == "one"


def test_a_model_that_is_named_outright_stays(changing: RunningService, client: httpx.Client) -> None:
    assert check_files(current_model()).id == client.get("/version").json()["model"]
    models = Path(changing.environment["PREVENTION_MODELS"])
    fixed = RunningService(changing.data.with_name(f"{changing.data.name}-fixed"), PREVENTION_MODEL=str(models / "one"))
    fixed.start()
    with fixed.client() as asked:
        problem(asked.post("/v1/models/two:promote", json={"anyway": True}), 409, "model_fixed")
    fixed.stop()
