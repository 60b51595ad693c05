"""Evidence as W3C Web Annotations (https://www.w3.org/TR/annotation-model/), one collection in JSON-LD for all documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from api.annotation import predicted_criteria
from api.store.selection import Selected
from api.store.tables import StoredDocument, StoredPrediction
from classifier.prediction import Evidence, Prediction

MEDIA_TYPE = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'
CONTEXT = "http://www.w3.org/ns/anno.jsonld"
# What the fragments of a PDF mean.
_PDF_FRAGMENTS = "http://tools.ietf.org/rfc/rfc8118"
# Enough to find a quote again that stands in a text twice.
_AROUND = 32

Texts = Mapping[str, str]


def collection(
    pages: Iterable[Sequence[tuple[Selected, Texts]]], base: str, media_types: Mapping[str, str]
) -> Iterator[str]:
    """Yield the collection a piece at a time; `pages` brings each document with its passages' texts by id.

    `base` is the service's address, without a slash at its end. How many annotations there are is known, and told, at the end.
    """
    name = f"{base}/v1/exports/web-annotation"
    head = {"@context": CONTEXT, "id": name, "type": "AnnotationCollection", "label": "Evidence of the prevention classifier"}  # fmt: skip
    yield json.dumps(head)[:-1] + f', "first": {{"id": {json.dumps(name + "#page-1")}, "type": "AnnotationPage", "startIndex": 0, "items": ['  # fmt: skip
    total = 0
    for page in pages:
        for selected, texts in page:
            for annotation in evidence_annotations(selected, texts, base, media_types):
                yield ("," if total else "") + "\n" + json.dumps(annotation, ensure_ascii=False)
                total += 1
    yield f'\n]}}, "total": {total}}}\n'


def evidence_annotations(
    selected: Selected, texts: Texts, base: str, media_types: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Yield an annotation for each piece of evidence for one of the codebook's criteria."""
    document, kept = selected.document, selected.prediction
    if kept is None:
        return
    prediction = Prediction.model_validate_json(kept.body)
    values = predicted_criteria(prediction)
    for key, found in _evidence(prediction):
        for number, evidence in enumerate(found):
            yield {
                "@context": CONTEXT,
                "id": f"{base}/v1/documents/{document.id}/prediction#{kept.model_id}-{key}-{number}",
                "type": "Annotation",
                "motivation": "classifying",
                "generator": {"id": f"{base}/v1/models#{kept.model_id}", "type": "Software", "name": kept.model_id},
                "generated": _moment(kept),
                "body": _body(key, values.get(key, "not_enough_text"), evidence),
                "target": _targets(document, evidence, texts.get(evidence.passage, ""), base, media_types),
            }


def _evidence(prediction: Prediction) -> Iterator[tuple[str, list[Evidence]]]:
    yield "strength", prediction.strength.evidence
    for tier, told in prediction.tiers.items():
        yield tier, told.evidence
    for key, answer in prediction.criteria.items():
        yield key, answer.evidence


def _moment(kept: StoredPrediction) -> str:
    return kept.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _body(key: str, value: str, evidence: Evidence) -> list[dict[str, str]]:
    """Name the codebook's key and value, and say on which side of it the evidence stands."""
    return [
        {"type": "TextualBody", "purpose": "classifying", "format": "text/plain", "value": f"{key}: {value}"},
        {
            "type": "TextualBody",
            "purpose": "describing",
            "format": "text/plain",
            "value": f"evidence {evidence.direction}",
        },
    ]


def _targets(
    document: StoredDocument, evidence: Evidence, passage: str, base: str, media_types: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Point at the file that lies here and, by what can be found there again, at where it was found."""
    quote = _quote(evidence, passage)
    position = {"type": "TextPositionSelector", "start": evidence.start, "end": evidence.end}
    # Offsets count within a page, so the page comes first, unless there is only one.
    pdf = document.format == "pdf"
    paged = pdf or (document.pages or 1) > 1
    here = {
        "type": "SpecificResource",
        "source": {"id": f"{base}/v1/documents/{document.id}/file", "type": "Text", "format": media_types[document.format]},
        "selector": [quote, {**_fragment(evidence, pdf=pdf), "refinedBy": position} if paged else position],
    }  # fmt: skip
    if document.source_url is None:
        return [here]
    there = [quote, _fragment(evidence, pdf=True)] if pdf else [quote]
    return [here, {"type": "SpecificResource", "source": document.source_url, "selector": there}]


def _quote(evidence: Evidence, passage: str) -> dict[str, str]:
    found = {"type": "TextQuoteSelector", "exact": evidence.quote}
    before, quote, after = passage.partition(evidence.quote)
    if quote and before:
        found["prefix"] = before[-_AROUND:]
    if quote and after:
        found["suffix"] = after[:_AROUND]
    return found


def _fragment(evidence: Evidence, *, pdf: bool) -> dict[str, Any]:
    """Name the page and the rectangle round the quote, in points from the top left of the page."""
    value = f"page={evidence.page}"
    if evidence.boxes:
        x0, y0, x1, y1 = zip(*evidence.boxes, strict=True)
        left, top = min(x0), min(y0)
        value += "&xywh=" + ",".join(f"{number:g}" for number in (left, top, max(x1) - left, max(y1) - top))
    return {"type": "FragmentSelector", "value": value, **({"conformsTo": _PDF_FRAGMENTS} if pdf else {})}
