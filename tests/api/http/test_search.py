"""Documents filtered, and passages found by what they say."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from api.store.search import fts5_query
from api.store.tables import StoredDocument, StoredPassage, StoredPrediction, StoredReading, now
from tests.api.http.test_documents import problem
from tests.api.service import RunningService, strategy, submit, wait_for


def made(client: httpx.Client, mark: str, name: str = "plan.md", **fields: str) -> str:
    """Submit a strategy with a word of its own, wait until it is scored, and return the document's id."""
    body = submit(client, strategy(mark) + f"\n## Aims\n\nThe {mark} project lends gardening tools to families who live by the river and the sea.\n".encode(), name, **fields).json()  # fmt: skip
    assert wait_for(client, body["job_id"])["status"] == "succeeded"
    found: str = body["document_id"]
    return found


def listed(client: httpx.Client, **filters: Any) -> list[str]:
    answer = client.get("/v1/documents", params=filters)
    assert answer.status_code == 200, answer.text
    return [document["id"] for document in answer.json()["documents"]]


def found(client: httpx.Client, words: str, **more: Any) -> list[dict[str, Any]]:
    answer = client.get("/v1/search", params={"q": words, **more})
    assert answer.status_code == 200, answer.text
    passages: list[dict[str, Any]] = answer.json()["passages"]
    return passages


def test_documents_are_filtered(client: httpx.Client) -> None:
    one = made(client, "filterone", authority="Filterham", authority_code="E99000001", kind="jhws", year="1911")
    two = made(client, "filtertwo", authority="Filterham", authority_code="E99000002", kind="stp", year="1911")
    assert listed(client, authority="Filterham") == [two, one]
    assert listed(client, authority="Filterham", kind="jhws") == [one]
    assert listed(client, authority_code="E99000002") == [two]
    assert listed(client, year=1911, kind="stp") == [two]
    assert listed(client, authority="filterham, or another") == []
    assert listed(client, q="filtertwo gardening") == [two]
    assert listed(client, q="filterone", authority_code="E99000002") == []
    assert listed(client, authority="Filterham", limit=1, cursor=two) == [one]
    page = client.get("/v1/documents", params={"authority": "Filterham", "limit": 1}).json()
    assert (page["documents"][0]["id"], page["next_cursor"]) == (two, two)


def test_documents_are_filtered_by_status(client: httpx.Client) -> None:
    scored = made(client, "statusscored", authority="Statusham")
    failed = submit(client, b"%PDF-1.4 status", "broken.pdf", authority="Statusham").json()
    wait_for(client, failed["job_id"])
    assert listed(client, authority="Statusham", status="scored") == [scored]
    assert listed(client, authority="Statusham", status="failed") == [failed["document_id"]]
    assert listed(client, authority="Statusham", status="waiting") == []


def test_documents_are_filtered_by_the_strength_that_is_shown(client: httpx.Client, service: RunningService) -> None:
    document = made(client, "strengthful", authority="Strengthham")
    strength = client.get(f"/v1/documents/{document}").json()["prediction"]["strength"]
    labels = ["very_weak", "weak", "neither", "strong", "very_strong"]
    assert [label for label in labels if listed(client, authority="Strengthham", strength=label)] == [strength]
    thin = submit(client, b"# Strengthham\n\nToo few words to say anything of.\n", "thin.md", authority="Strengthham").json()  # fmt: skip
    wait_for(client, thin["job_id"])
    assert listed(client, authority="Strengthham", strength="not_enough_text") == [thin["document_id"]]
    with service.database() as engine, Session(engine) as session, session.begin():
        other = next(label for label in labels if label != strength)
        row = {column.name: getattr(session.scalars(select(StoredPrediction).filter_by(document_id=document)).one(), column.name) for column in StoredPrediction.__table__.columns}  # fmt: skip
        session.execute(insert(StoredPrediction).values(**{**row, "id": "prediction_z" + document, "model_id": "another", "strength": other}))  # fmt: skip
    assert listed(client, authority="Strengthham", strength=strength) == [document]
    with service.database() as engine, Session(engine) as session, session.begin():
        session.execute(update(StoredPrediction).where(StoredPrediction.document_id == document, StoredPrediction.model_id != "another").values(model_id="older"))  # fmt: skip
    assert listed(client, authority="Strengthham", strength=other) == [document]


def test_passages_are_found_with_their_words_marked(client: httpx.Client) -> None:
    document = made(client, "marrowfat", "peas.md")
    (passage,) = found(client, "marrowfat tool")
    assert (passage["document_id"], passage["document"], passage["page"]) == (document, "peas.md", 1)
    matches = {segment["text"].lower() for segment in passage["snippet"] if segment["match"]}
    assert matches == {"marrowfat", "tools"}, "a stem finds its other forms"
    assert "lends gardening" in "".join(segment["text"] for segment in passage["snippet"])
    kept = client.get(passage["links"]["passages"]).json()["passages"]
    assert passage["passage"] in {row["id"] for row in kept}


def test_phrases_exclusions_and_alternatives(client: httpx.Client) -> None:
    one, two = made(client, "quincea"), made(client, "medlarb")
    assert [p["document_id"] for p in found(client, '"quincea project"')] == [one]
    assert found(client, '"project quincea"') == []
    assert found(client, "quincea -gardening") == []
    assert {p["document_id"] for p in found(client, "quincea or medlarb")} == {one, two}
    assert found(client, "quincea medlarb") == []


def test_what_is_found_comes_in_pages(client: httpx.Client) -> None:
    ids = {made(client, f"damsons {n} damsons") for n in range(3)}
    seen: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(9):
        page = client.get("/v1/search", params={"q": "damsons lends", "limit": 1, **cursor}).json()
        seen += [passage["document_id"] for passage in page["passages"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert len(seen) == 3
    assert set(seen) == ids


ODD = [
    "", " ", '"', '""', "'", "''", "*", "-", "--", "(", ")", ":", "^", "\\", "\x00", "a\x00b", "\n", "NEAR(", "AND", "OR", "NOT", "a AND", "or or", "text:plan", "a*b", "{a b}: c", "-a", "- -a",
    '"unclosed', 'a"b', "a'b", "½", "😀", "\u202e", "é" * 500, "a " * 250, "-a " * 166, "a or " * 100, '"a" ' * 125, "x" * 500, "%", "_", "; DROP TABLE passages", "<b>", "!", "&|!<->", "a:*", "a & | b",
]  # fmt: skip


@pytest.mark.parametrize("words", ODD)
def test_no_query_is_an_error(client: httpx.Client, words: str) -> None:
    found(client, words)
    listed(client, q=words)


def test_a_filter_that_cannot_be_is_refused(client: httpx.Client) -> None:
    for filters in (
        {"authority": "a\x00"}, {"authority_code": "x"}, {"kind": "No Kind"}, {"year": "9" * 30}, {"strength": "mighty"}, {"status": "lost"}, {"q": "x" * 501},
    ):  # fmt: skip
        problem(client.get("/v1/documents", params=filters), 422, "invalid_request")
    wrong: list[dict[str, str | int]] = [
        {},
        {"q": "x", "cursor": "-1"},
        {"q": "x", "cursor": "9" * 20},
        {"q": "x", "limit": 0},
    ]
    for asked in wrong:
        problem(client.get("/v1/search", params=asked), 422, "invalid_request")
    assert client.get("/v1/search", params={"q": "board", "cursor": "999999"}).json() == {"passages": [], "next_cursor": None}  # fmt: skip


def test_only_the_newest_reading_counts(client: httpx.Client, service: RunningService) -> None:
    document = made(client, "oldreading")
    assert found(client, "oldreading")
    with service.database() as engine, Session(engine) as session, session.begin():
        digest = session.get_one(StoredDocument, document).digest
        session.execute(insert(StoredReading).values(id="reading_zzzz" + document, document_id=document, extraction="2", created=now()))  # fmt: skip
        session.execute(
            insert(StoredPassage).values(
                reading_id="reading_zzzz" + document, number=0, document_id=document, passage_id=digest[:16], page=1, start=0, end=10,
                role="body", headings=json.dumps([]), text="The newreading says otherwise.", boxes="[]",
            )
        )  # fmt: skip
    assert found(client, "oldreading") == []
    assert listed(client, q="oldreading") == []
    assert [passage["document_id"] for passage in found(client, "newreading")] == [document]


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("falls prevention", '("falls" AND "prevention")'),
        ('"falls prevention" -home', '("falls prevention" NOT "home")'),
        ("falls or slips trips", '("falls") OR ("slips" AND "trips")'),
        ("a_b *", '("a b")'),
        ("-home", ""),
    ],
)
def test_words_become_what_fts5_takes(words: str, query: str) -> None:
    assert fts5_query(words) == query
