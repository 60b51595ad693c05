"""The description of a release in Croissant 1.0 (https://docs.mlcommons.org/croissant): its files with their digests, and their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DESCRIPTION = "croissant.json"

_CONTEXT: dict[str, Any] = {
    "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"}, "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract", "field": "cr:field", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet", "jsonPath": "cr:jsonPath",
    "key": "cr:key", "md5": "cr:md5", "recordSet": "cr:recordSet", "references": "cr:references", "sc": "https://schema.org/",
    "source": "cr:source",
}  # fmt: skip
_FORMATS = {
    ".csv": "text/csv",
    ".jsonl": "application/jsonlines",
    ".json": "application/json",
    ".toml": "application/toml",
}
_WHOLE = {"size", "pages", "year", "year_end"}
# What each file holds, row by row: its columns, or the fields of each line.
_RECORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "documents.csv": (
        "Every document that was scored, by the SHA-256 of its bytes.",
        ("digest", "name", "format", "size", "pages", "authority", "authority_code", "kind", "year", "year_end", "source_url"),
    ),
    "labels.csv": (
        "The strength that the model gave each document, and the one that a person confirmed.",
        ("digest", "authority", "kind", "year", "model_strength", "confirmed_strength", "confirmed_by", "confirmed_at"),
    ),
    "results.jsonl": (
        "What came of each document in the run.",
        ("digest", "status", "strength", "prediction_digest", "error_code", "error"),
    ),
    "annotations.jsonl": (
        "Everything that people said of the documents and their passages.",
        ("digest", "passage", "note", "annotator", "source", "source_id", "codebook_version", "model", "created"),
    ),
}  # fmt: skip


def describe(about: Mapping[str, Any], release_digest: str) -> dict[str, Any]:
    """Return the description of a release; `about` is its release.json, whose own digest is given beside."""
    files = {**about["files"], "release.json": release_digest}
    title = f"Strength of prevention in health and wellbeing strategies, {about['id']}"
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": about["id"],
        "identifier": about["id"],
        "description": f"{about['documents']} documents scored with {about['model']} by codebook {about['codebook_version']}, text extraction {about['extraction']}, with {about['annotations']} annotations by people.",
        "citeAs": f"{title}. Scored {about['scored'][:10]} with {about['model']}.",
        "version": "1.0.0",
        "datePublished": about["scored"],
        "distribution": [_file(name, digest) for name, digest in sorted(files.items())],
        "recordSet": [_records(name) for name in _RECORDS],
    }


def _file(name: str, digest: str) -> dict[str, str]:
    suffix = name[name.rindex(".") :]
    return {
        "@type": "cr:FileObject", "@id": name, "name": name, "contentUrl": name, "encodingFormat": _FORMATS[suffix], "sha256": digest,
    }  # fmt: skip


def _records(name: str) -> dict[str, Any]:
    description, columns = _RECORDS[name]
    group = name.partition(".")[0]
    how = "column" if name.endswith(".csv") else "jsonPath"
    return {
        "@type": "cr:RecordSet",
        "@id": group,
        "name": group,
        "description": description,
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{group}/{column}",
                "name": column,
                "dataType": "sc:Integer" if column in _WHOLE else "sc:Text",
                "source": {
                    "fileObject": {"@id": name},
                    "extract": {how: column if how == "column" else f"$.{column}"},
                },
            }
            for column in columns
        ],
    }
