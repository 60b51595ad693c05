"""One labelled document as the tables count it: what people confirmed and what a model proposed, side by side, never mixed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from classifier.codebook import STRENGTHS

Source = Literal["human", "model"]

# In the order that a report has them; what is of another kind comes after, by name.
KINDS = {
    "jhws": "Joint health and wellbeing strategies",
    "stp": "Sustainability and transformation plans",
    "ics": "Integrated care strategies and forward plans",
    "prevention_strategy": "Prevention strategies",
    "commissioning": "Commissioning strategies",
    "foi": "Freedom of Information responses",
}


class LabelledRow(BaseModel):
    """A document with its levels by criterion key: `confirmed` by a person, `proposed` by a model. What a person said counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: str = Field(min_length=1)
    authority: str = ""
    kind: str = ""
    year: int | None = None
    region: str = ""
    confirmed: dict[str, str] = {}
    proposed: dict[str, str] = {}
    model: str = ""
    digest: str = ""
    family: str = ""
    place: str = ""
    url: str = ""

    def level(self, key: str) -> str | None:
        """Return the level of a criterion: a person's where there is one, else the model's; None where nobody answered."""
        return self.confirmed.get(key) or self.proposed.get(key)

    def source(self, key: str) -> Source | None:
        """Return who gave that level."""
        return "human" if key in self.confirmed else "model" if key in self.proposed else None

    @property
    def strength(self) -> int | None:
        """The strength as its place in the order, from 0 for very weak."""
        level = self.level("strength")
        return STRENGTHS.index(level) if level in STRENGTHS else None


def kinds_of(rows: Iterable[LabelledRow]) -> list[str]:
    """Return the kinds that occur, in the report's order."""
    found = {row.kind for row in rows}
    return [kind for kind in KINDS if kind in found] + sorted(found - KINDS.keys())


def kind_words(kind: str) -> str:
    """Put a kind of document into words."""
    return KINDS.get(kind) or (kind.replace("_", " ").capitalize() if kind else "Documents of no stated kind")


def authority_key(name: str) -> str:
    """Return an authority's name as it is compared: without case, punctuation, and words such as "council"."""
    words = re.sub(r"[^\w]+", " ", re.sub(r"['’]", "", name.lower().replace("&", " and "))).split()
    named = [word for word in words if word not in _GENERIC] or [
        word for word in words if word not in ("council", "the")
    ]
    return " ".join(named)


# Left out of comparison: "London Borough of Brent", "Brent Council" and "Brent" are one.
_GENERIC = frozenset(
    ("council", "county", "city", "borough", "metropolitan", "district", "unitary", "authority", "the", "of", "london", "royal")
)  # fmt: skip


def once_per_family(rows: Sequence[LabelledRow]) -> tuple[list[LabelledRow], list[str]]:
    """Return rows with each document, and each family of one kind, counted once, and a line for each row left out.

    Of equal digests the first stays, of a family the newest.
    """
    kept: dict[tuple[str, ...], LabelledRow] = {}
    notes: list[str] = []
    for row in rows:
        key = ("family", row.kind, row.family) if row.family else ("digest", row.digest) if row.digest else None
        if key is None or key not in kept:
            kept[key or ("row", str(len(kept)), row.place)] = row
            continue
        first = kept[key]
        newer = bool(row.family) and (row.year or 0) > (first.year or 0)
        kept[key], left = (row, first) if newer else (first, row)
        why = f"of the family {row.family!r}" if row.family else "the same bytes"
        notes.append(f"{left.document} is not counted: {why} as {kept[key].document}, which is")
    return list(kept.values()), notes
