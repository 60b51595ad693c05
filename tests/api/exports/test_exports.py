"""Exports made straight from a store of 1,000 documents: complete, bounded in memory, and of the right shape."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import jsonschema
import openpyxl
import pytest
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session

from api.exports.table import HEADER, csv_lines, write_xlsx
from api.exports.web_annotation import collection
from api.settings import load_settings
from api.store.database import migrate, open_database
from api.store.selection import Filter, Selected, selected
from api.store.tables import StoredDocument, StoredPrediction
from classifier.artefact import Artefact
from classifier.document import Document
from classifier.prediction import Evidence, Prediction
from classifier.reading import read_document
from classifier.report.plain import COLUMNS, CSV_HEADER, csv_row
from classifier.score import score_document
from tests.api.databases import BACKENDS, database_url
from tests.conftest import SAMPLE

COUNT = 1_000
# What one export may hold at a time; all predictions together are ten times that.
BOUND = 12 * 2**20
TYPES = {"pdf": "application/pdf", "markdown": "text/markdown"}


@pytest.fixture(scope="module")
def sample(stub: Artefact) -> tuple[Document, Prediction]:
    document = read_document(SAMPLE)
    return document, score_document(document, stub)


@pytest.fixture(scope="module", params=BACKENDS)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sample: tuple[Document, Prediction]
) -> Iterator[Engine]:
    """A store of many documents; every tenth is not scored."""
    with database_url(request.param) as url:
        found = open_database(load_settings(data=tmp_path_factory.mktemp("exports"), database_url=url))
        migrate(found)
        _fill(found, sample[1])
        yield found
        found.dispose()


def _fill(engine: Engine, prediction: Prediction) -> None:
    quote = Evidence(quote="x" * 10_000, page=1, start=0, end=10_000, boxes=[], score=1, passage="p")
    bare: dict[str, Any] = {"evidence": []}
    few = {
        "strength": prediction.strength.model_copy(update={"evidence": [quote] * 12}),
        "tiers": {key: found.model_copy(update=bare) for key, found in prediction.tiers.items()},
        "criteria": {key: found.model_copy(update=bare) for key, found in prediction.criteria.items()},
    }
    body = json.dumps(prediction.model_copy(update=few).model_dump(mode="json"))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    documents: list[dict[str, Any]] = [
        {
            "id": f"doc_{n:05}", "digest": f"{n:064x}", "name": f"{n}.pdf", "format": "pdf", "size": 1, "created": moment,
            "authority": "=cmd|' /C calc'!A0" if n == 7 else "Saltmarsh", "kind": "stp" if n % 2 else "jhws", "year": 2000 + n % 20,
            "source_url": "https://example.org/plan.pdf" if n == 1 else None,
        }
        for n in range(COUNT)
    ]  # fmt: skip
    predictions = [
        {
            "id": f"prediction_{n:05}", "document_id": f"doc_{n:05}", "model_id": "stub", "codebook_version": "1.0",
            "body": body, "created": moment,
        }
        for n in range(COUNT)
        if n % 10
    ]  # fmt: skip
    with Session(engine) as session, session.begin():
        session.execute(insert(StoredDocument), documents)
        for at in range(0, len(predictions), 50):
            session.execute(insert(StoredPrediction), predictions[at : at + 50])


@pytest.fixture
def bounded() -> Iterator[None]:
    """Measure that what the test holds at a time stays below the bound."""
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < BOUND, f"{peak / 2**20:.1f} MB"


def pages(engine: Engine, wanted: Filter | None = None) -> Iterator[list[Selected]]:
    return selected(engine, "stub", wanted or Filter())


@pytest.mark.usefixtures("bounded")
def test_the_csv_has_a_row_for_every_document(engine: Engine) -> None:
    scored = 0
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        for lines in csv_lines(pages(engine)):
            file.write(lines)
        file.seek(0)
        reader = csv.reader(file)
        assert next(reader)[: len(COLUMNS)] == CSV_HEADER.rstrip().split(",")
        for number, row in enumerate(reader):
            cells = dict(zip(HEADER, row, strict=True))
            assert cells["document_id"] == f"doc_{number:05}"
            assert (cells["strength"] == "") == (number % 10 == 0)
            scored += cells["strength"] != ""
            assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in row)
    assert (number + 1, scored) == (COUNT, 900)


@pytest.mark.usefixtures("bounded")
def test_the_workbook_has_the_same_rows(engine: Engine) -> None:
    with tempfile.TemporaryFile() as file:
        write_xlsx(pages(engine), file)
        file.seek(0)
        sheet = openpyxl.load_workbook(file, read_only=True).active
        rows = sheet.iter_rows(values_only=True)
        assert next(rows) == HEADER
        for number, row in enumerate(rows):
            if number == 7:
                assert row[HEADER.index("authority")] == "'=cmd|' /C calc'!A0"
    assert number + 1 == COUNT


def test_the_first_columns_are_those_of_the_command(engine: Engine, sample: tuple[Document, Prediction]) -> None:
    text = "".join(csv_lines(pages(engine, Filter("stp", 2001))))
    first = next(csv.DictReader(io.StringIO(text)))
    (told,) = csv.DictReader(io.StringIO(CSV_HEADER + csv_row(sample[1])))
    assert {key: first[key] for key in COLUMNS} == told


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Filter(), COUNT),
        (Filter(kind="stp"), 500),
        (Filter(kind="stp", year=2001), 50),
        (Filter(authority="Saltmarsh"), COUNT - 1),
        (Filter(year=1999), 0),
    ],
)
def test_a_filter_holds_back_the_others(engine: Engine, wanted: Filter, count: int) -> None:
    assert sum(len(page) for page in pages(engine, wanted)) == count


@pytest.mark.usefixtures("bounded")
def test_web_annotations_stay_bounded_and_are_counted(engine: Engine) -> None:
    last, seen = "", 0
    for piece in collection(([(one, {}) for one in page] for page in pages(engine)), "https://here", TYPES):
        seen += '"type": "Annotation"' in piece
        last = piece
    assert json.loads("{" + last.partition("},")[2])["total"] == seen == 900 * 12


# The shape that the Web Annotation Data Model asks for, as far as we use it.
IRI = {"type": "string", "format": "uri", "pattern": "^https?://"}
BODY = {
    "type": "object", "required": ["type", "value", "purpose"], "additionalProperties": False,
    "properties": {"type": {"const": "TextualBody"}, "value": {"type": "string"}, "format": {"const": "text/plain"}, "purpose": {"enum": ["classifying", "describing"]}},
}  # fmt: skip
SELECTOR: dict[str, Any] = {
    "oneOf": [
        {
            "properties": {"type": {"const": "TextQuoteSelector"}, "exact": {"type": "string", "minLength": 1}, "prefix": {"type": "string"}, "suffix": {"type": "string"}},
            "required": ["type", "exact"], "additionalProperties": False,
        },
        {
            "properties": {"type": {"const": "TextPositionSelector"}, "start": {"type": "integer", "minimum": 0}, "end": {"type": "integer", "minimum": 0}},
            "required": ["type", "start", "end"], "additionalProperties": False,
        },
        {
            "properties": {"type": {"const": "FragmentSelector"}, "value": {"pattern": r"^page=\d+(&xywh=[\d.]+(,[\d.]+){3})?$"}, "conformsTo": IRI, "refinedBy": {"$ref": "#/$defs/selector"}},
            "required": ["type", "value"], "additionalProperties": False,
        },
    ]
}  # fmt: skip
RESOURCE = {
    "type": "object", "required": ["type", "source", "selector"], "additionalProperties": False,
    "properties": {
        "type": {"const": "SpecificResource"},
        "source": {"oneOf": [IRI, {"type": "object", "required": ["id", "type", "format"], "properties": {"id": IRI}}]},
        "selector": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/selector"}},
    },
}  # fmt: skip
ANNOTATION = {
    "type": "object", "required": ["@context", "id", "type", "target"],
    "properties": {
        "@context": {"const": "http://www.w3.org/ns/anno.jsonld"}, "id": IRI, "type": {"const": "Annotation"},
        "motivation": {"const": "classifying"}, "generated": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
        "generator": {"type": "object", "required": ["id", "type"], "properties": {"id": IRI, "type": {"const": "Software"}}},
        "body": {"type": "array", "items": BODY}, "target": {"type": "array", "minItems": 1, "items": RESOURCE},
    },
}  # fmt: skip
COLLECTION = {
    "$defs": {"selector": SELECTOR},
    "type": "object", "required": ["@context", "id", "type", "total", "first"],
    "properties": {
        "type": {"const": "AnnotationCollection"}, "total": {"type": "integer", "minimum": 0}, "label": {"type": "string"},
        "first": {
            "type": "object", "required": ["id", "type", "startIndex", "items"],
            "properties": {"type": {"const": "AnnotationPage"}, "items": {"type": "array", "items": ANNOTATION}},
        },
    },
}  # fmt: skip


def test_web_annotations_have_the_models_shape_and_point_at_their_quotes(sample: tuple[Document, Prediction]) -> None:
    document, prediction = sample
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    row = StoredDocument(id="doc_1", digest="0" * 64, name="plan.pdf", format="pdf", pages=9, source_url="https://example.org/")  # fmt: skip
    kept = StoredPrediction(model_id="stub", body=prediction.model_dump_json(), created=moment)
    text = {e.passage: document.page(e.page).text for e in prediction.strength.evidence}
    found = json.loads("".join(collection([[(Selected(row, kept), text)]], "https://here", TYPES)))
    jsonschema.validate(found, COLLECTION, format_checker=jsonschema.FormatChecker())
    items = found["first"]["items"]
    assert found["total"] == len(items) > 20
    assert len({item["id"] for item in items}) == len(items)
    assert {item["body"][0]["value"] for item in items} >= {f"strength: {prediction.strength.label}", "care_act: yes"}
    for item in items:
        quote, fragment = item["target"][0]["selector"]
        page = document.page(int(fragment["value"].partition("=")[2].partition("&")[0]))
        position = fragment["refinedBy"]
        assert page.text[position["start"] : position["end"]] == quote["exact"]
        around = quote.get("prefix", "") + quote["exact"] + quote.get("suffix", "")
        assert around in page.text
        assert item["target"][1]["source"] == "https://example.org/"
    assert any("prefix" in item["target"][0]["selector"][0] for item in items)
    assert json.loads("".join(collection([], "https://here", TYPES)))["total"] == 0
