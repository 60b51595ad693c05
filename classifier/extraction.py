"""A document that has been read, as bytes: everything that scoring asks of it, so that the file itself need not be read again."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import Any

import numpy as np

from classifier.document import Block, Document, Page

# The head is JSON and says how much of the rest is each page's boxes: float32, column by column, as they stand in memory.
_LENGTH = struct.Struct("<Q")


def pack(document: Document) -> bytes:
    """Return a document as bytes; `unpack` gives an equal one back, its boxes to the last bit."""
    pages: list[dict[str, Any]] = []
    boxes: list[bytes] = []
    for page in document.pages:
        held = None if page.boxes is None else np.ascontiguousarray(page.boxes.T, dtype="<f4").tobytes()
        pages.append(
            {
                "number": page.number, "text": page.text, "state": page.state, "width": page.width, "height": page.height,
                "blocks": [list(asdict(block).values()) for block in page.blocks], "boxes": None if held is None else len(held),
                "hidden": page.hidden,
            }
        )  # fmt: skip
        boxes.append(held or b"")
    head = {"digest": document.digest, "name": document.name, "format": document.format, "pages": pages}
    # A lone half of a surrogate pair, as damaged PDFs hold them, is no UTF-8; in ASCII JSON it is escaped.
    data = json.dumps(head).encode("ascii")
    return _LENGTH.pack(len(data)) + data + b"".join(boxes)


def unpack(data: bytes, name: str) -> Document:
    """Return the document that was packed, under the name that its file has now."""
    (length,) = _LENGTH.unpack_from(data)
    at = _LENGTH.size + length
    head = json.loads(data[_LENGTH.size : at])
    pages: list[Page] = []
    for row in head["pages"]:
        boxes = None
        if row["boxes"] is not None:
            boxes = np.frombuffer(data, "<f4", row["boxes"] // 4, at).reshape(4, -1).T
            at += row["boxes"]
        blocks = tuple(Block(*block) for block in row["blocks"])
        hidden = tuple((start, end) for start, end in row["hidden"])
        pages.append(Page(row["number"], row["text"], blocks, row["state"], row["width"], row["height"], boxes, hidden))
    return Document(head["digest"], name, head["format"], tuple(pages))
