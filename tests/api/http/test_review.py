"""Review over HTTP: a document is given out, labelled blind, coded by two, decided by a third."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from api.store.keys import make_key
from tests.api.databases import BACKENDS, database_url
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, submit, wait_for

_HIDDEN = ("prediction", "evidence", "report.html", "annotated.pdf")


class Reviewing:
    """A service in which every document is blind, or none is, with a few people."""

    def __init__(self, service: RunningService) -> None:
        self.service = service
        with service.database() as engine, Session(engine) as session, session.begin():
            roles = {"ada": "annotator", "edda": "annotator", "otto": "adjudicator", "iris": "adjudicator"}
            keys = {name: make_key(session, name, role) for name, role in roles.items()}  # type: ignore[arg-type]
        self.people = {name: service.client(key) for name, key in keys.items()}
        self.admin = service.client()

    def close(self) -> None:
        """Let everybody go, and end the service."""
        for client in (self.admin, *self.people.values()):
            client.close()
        self.service.stop()

    def scored(self, mark: str) -> str:
        """Submit a document and wait until it is scored; return its id."""
        made = submit(self.admin, strategy(mark), f"{mark}.md").json()
        assert wait_for(self.admin, made["job_id"])["status"] == "succeeded"
        found: str = made["document_id"]
        return found

    def annotate(self, who: str, document: str, **body: Any) -> httpx.Response:
        """Say something of a document."""
        return self.people[who].post(f"/v1/documents/{document}/annotations", json=body)

    def lease(self, who: str, **wanted: Any) -> httpx.Response:
        """Ask for a document to review."""
        return self.people[who].post("/v1/review/leases", json=wanted)


@pytest.fixture(scope="module", params=BACKENDS)
def double(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewing]:
    """A service in which two people code every document."""
    with database_url(request.param) as url:
        running = RunningService(tmp_path_factory.mktemp("double") / "data", url, PREVENTION_REVIEW_DOUBLE_SHARE="1")
        running.start()
        reviewing = Reviewing(running)
        yield reviewing
        reviewing.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reviewing]:
    """A service in which no document is blind."""
    running = RunningService(
        tmp_path_factory.mktemp("shown") / "data", PREVENTION_REVIEW_DOUBLE_SHARE="0", PREVENTION_REVIEW_BLIND_SHARE="0"
    )
    running.start()
    reviewing = Reviewing(running)
    yield reviewing
    reviewing.close()


def test_two_code_blind_a_third_decides(double: Reviewing) -> None:
    document = double.scored("coded twice")
    where = f"/v1/documents/{document}"
    ada, edda = double.people["ada"], double.people["edda"]
    passage = ada.get(f"{where}/passages").json()["passages"][0]["id"]
    given = [double.lease(who, document_id=document).json() for who in ("ada", "edda")]
    assert [(lease["blind"], lease["double"], lease["model"]) for lease in given] == [(True, True, None)] * 2
    problem(double.lease("otto", document_id=document), 409, "document_taken")
    for path in _HIDDEN:
        problem(ada.get(f"{where}/{path}"), 409, "review_blind")
    detail = ada.get(where).json()
    assert "strong" not in str({key: value for key, value in detail.items() if key != "name"})
    assert all(not p["probabilities"] for p in ada.get(f"{where}/passages").json()["passages"])
    assert document not in ada.get("/v1/exports/jsonl").text
    assert double.admin.get(f"{where}/prediction").status_code == 200, "nobody else is blind"
    problem(double.annotate("ada", document, criteria={"strength": "weak"}, model="minilm"), 409, "review_blind")

    first = double.annotate(
        "ada", document, criteria={"strength": "weak", "carers": "no"}, passages={passage: ["primary"]}
    )
    assert first.status_code == 201
    assert ada.get(f"{where}/prediction").status_code == 200, "the annotation is in"
    assert not edda.get(f"{where}/annotations").json()["annotations"], "the other's labels stay hidden"
    assert len(ada.get(f"{where}/annotations").json()["annotations"]) == 2
    double.annotate("edda", document, criteria={"strength": "strong", "carers": "no"}, passages={passage: []})
    assert len(edda.get(f"{where}/annotations").json()["annotations"]) == 4

    otto, place = double.people["otto"], f"/v1/review/adjudications/{document}"
    problem(ada.get(place), 403, "role_too_low")
    (item,) = otto.get("/v1/review/adjudications").json()["documents"]
    assert (item["document_id"], item["people"], item["differing"], item["differing_passages"]) == (document, ["ada", "edda"], ["strength"], 1)  # fmt: skip
    beside = otto.get(place).json()
    rows = {row["criterion"]: row for row in beside["criteria"]}
    assert (rows["strength"]["first"], rows["strength"]["second"], rows["strength"]["steps"]) == ("weak", "strong", 2)
    assert (rows["carers"]["agree"], rows["strength"]["agree"]) == (True, False)
    assert beside["passages"] == [{"passage_id": passage, "first": ["primary"], "second": [], "agree": False}]
    left = problem(otto.post(place, json={"criteria": {"strength": "neither"}, "seen": 0}), 422, "undecided")
    assert f"differ on passage {passage}" in left.detail
    decided = {"criteria": {"strength": "neither"}, "passages": {passage: ["primary"]}, "note": "rule 4", "seen": 0}
    problem(otto.post(place, json={**decided, "criteria": {"strength": "fair"}}), 422, "invalid_annotation")
    made = otto.post(place, json=decided)
    assert (made.status_code, made.json()["number"], made.json()["adjudicator"]) == (201, 1, "otto")
    problem(double.people["iris"].post(place, json=decided), 409, "adjudication_conflict")
    assert double.people["iris"].post(place, json={**decided, "seen": 1}).json()["number"] == 2
    assert [d["number"] for d in otto.get(place).json()["decisions"]] == [1, 2]
    assert len(otto.get(f"{where}/annotations").json()["annotations"]) == 4, "both stay as they were"
    assert not otto.get("/v1/review/adjudications").json()["documents"]

    agreement = otto.get("/v1/review/agreement", params={"blind_only": True}).json()
    found = {one["criterion"]: one for one in agreement["criteria"]}
    (pair,) = found["strength"]["pairs"]
    assert (pair["first"], pair["second"], pair["documents"], pair["percentage"]["value"]) == ("ada", "edda", 1, 0)
    assert pair["confusion"] == [{"first": "weak", "second": "strong", "documents": [document]}]
    assert found["carers"]["pairs"][0]["percentage"]["value"] == 1
    figures = otto.get("/v1/review/rates").json()
    assert (figures["hidden"]["reviews"], figures["shown"]["reviews"]) == (2, 0)


def test_the_queue_gives_each_document_to_one_and_counts(shown: Reviewing) -> None:
    documents = {shown.scored(f"queued {n}") for n in range(3)}
    ada = shown.people["ada"]
    queue = ada.get("/v1/review/queue").json()
    assert (queue["waiting"], queue["for_you"], queue["reviewed"]) == (3, 3, 0)
    errors = [item["expected_error"] for item in queue["items"]]
    assert errors == sorted(errors, reverse=True)
    assert [point["reviews"] for point in queue["outlook"]] == [0, 3]
    assert queue["outlook"][0]["expected_error"] == pytest.approx(sum(errors) / 3, abs=1e-3)
    assert queue["outlook"][1]["expected_error"] == 0
    seeded = [item["document_id"] for item in ada.get("/v1/review/queue", params={"order": "random", "seed": 4}).json()["items"]]  # fmt: skip
    mine = shown.lease("ada", order="random", seed=4).json()
    assert mine["document_id"] == seeded[0]
    assert mine["model"] is not None
    others = [shown.lease(who, order="least_certain").json()["document_id"] for who in ("edda", "otto")]
    assert {mine["document_id"], *others} == documents
    assert shown.lease("iris").status_code == 204, "nothing waits"
    assert [lease["id"] for lease in ada.get("/v1/review/leases").json()["leases"]] == [mine["id"]]
    again = shown.lease("ada", document_id=mine["document_id"]).json()
    assert again["id"] == mine["id"]
    assert again["expires"] > mine["expires"]
    problem(shown.people["edda"].delete(f"/v1/review/leases/{mine['id']}"), 404, "lease_not_found")
    assert ada.delete(f"/v1/review/leases/{mine['id']}").status_code == 204
    assert shown.lease("iris").json()["document_id"] == mine["document_id"]

    said = shown.people["edda"].get(f"/v1/documents/{others[0]}/prediction").json()
    body = {"criteria": {"strength": said["strength"]["label"]}, "model": said["model"]}
    assert shown.annotate("edda", others[0], **body).json()["annotations"][0]["changed"] is False
    queue = ada.get("/v1/review/queue").json()
    assert (queue["waiting"], queue["reviewed"]) == (2, 1)
    assert shown.people["otto"].get("/v1/review/doubts").json()["doubts"] == []
    figures = shown.people["otto"].get("/v1/review/rates").json()
    assert (figures["shown"]["reviews"], figures["shown"]["overridden"]["value"]) == (1, 0)
    problem(ada.get("/v1/review/queue", params={"order": "best"}), 422, "invalid_request")
    problem(shown.lease("ada", document_id="doc_none"), 404, "document_not_found")
