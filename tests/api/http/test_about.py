"""What the service says of itself."""

from __future__ import annotations

import statistics
import time

import httpx

from classifier import __version__
from classifier.artefact import check_files, current_model
from tests.api.service import strategy, submit, wait_for


def test_it_lives_and_is_ready(client: httpx.Client) -> None:
    for path in ("/health/live", "/health/ready"):
        assert client.get(path).json() == {"status": "ok"}


def test_it_says_what_it_runs(client: httpx.Client) -> None:
    manifest = check_files(current_model())
    expected = {"version": __version__, "model": manifest.id, "codebook_version": manifest.codebook_version}
    assert client.get("/version").json() == expected
    (in_use,) = [model for model in client.get("/v1/models").json()["models"] if model["in_use"]]
    assert (in_use["id"], in_use["codebook_version"]) == (manifest.id, manifest.codebook_version)


def test_every_answer_has_an_id_and_is_not_kept(client: httpx.Client) -> None:
    answers = [client.get(path) for path in ("/health/live", "/v1/models", "/v1/nothing")]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 3
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)


def test_the_openapi_document_describes_every_problem(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], path
            assert operation["description"], path
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)
            if path.startswith("/v1/") and (method, path) != ("post", "/v1/session"):
                assert {"401", "403", "429", "503"} <= operation["responses"].keys(), path
                assert operation["security"] == [{"HTTPBearer": []}, {"APIKeyCookie": []}], path
    form = document["paths"]["/v1/documents"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert set(form["properties"]) == {
        "file", "authority", "authority_code", "kind", "year", "year_end", "source_url",
    }  # fmt: skip
    assert "ProblemDetails" in document["components"]["schemas"]


def test_an_answer_waits_for_no_acknowledgement(client: httpx.Client) -> None:
    times: list[float] = []
    for _ in range(30):
        begun = time.perf_counter()
        client.get("/health/live")
        times.append(time.perf_counter() - begun)
    # Nagle's algorithm would hold each of them for 40 ms.
    assert min(times) < 0.03


def test_it_answers_while_it_scores(client: httpx.Client) -> None:
    jobs = [submit(client, strategy(f"in the background {n}") * 8, f"{n}.md").json()["job_id"] for n in range(3)]
    times: list[float] = []
    while client.get(f"/v1/jobs/{jobs[-1]}").json()["status"] in ("queued", "running"):
        begun = time.perf_counter()
        assert client.get("/health/live").status_code == 200
        times.append(time.perf_counter() - begun)
    assert all(wait_for(client, job)["status"] == "succeeded" for job in jobs)
    assert len(times) > 3
    # A loose bound: the tests beside this one take the processor, too.
    assert statistics.median(times) < 0.25
