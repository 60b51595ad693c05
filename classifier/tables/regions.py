"""Which English region an authority lies in, and the year's table by region."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from classifier.tables.distributions import is_top
from classifier.tables.figures import Table, answered, share_of
from classifier.tables.rows import LabelledRow, authority_key

REGIONS = Path(__file__).parent / "regions.toml"
UNKNOWN = "Region not known"


class Region(BaseModel):
    """A region and its authorities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    authorities: tuple[str, ...]


class Span(BaseModel):
    """The years in which an authority was there: from `since` on, before `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: int = 0
    until: int = 9999


class Regions(BaseModel):
    """Every region, the authorities that reorganisation made or ended, and other names in use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    regions: tuple[Region, ...]
    reorganised: dict[str, Span]
    aliases: dict[str, str]

    def authorities(self, year: int) -> list[str]:
        """Return the authorities there were in a year."""
        every = [name for region in self.regions for name in region.authorities]
        return [name for name in every if (span := self.reorganised.get(name, Span())).since <= year < span.until]


@lru_cache(maxsize=1)
def load_regions() -> Regions:
    """Read the regions."""
    return Regions.model_validate(tomllib.loads(REGIONS.read_text(encoding="utf-8")))


@lru_cache(maxsize=1)
def _by_authority() -> dict[str, str]:
    found = load_regions()
    table = {authority_key(name): region.name for region in found.regions for name in region.authorities}
    return table | {authority_key(alias): table[authority_key(name)] for alias, name in found.aliases.items()}


def region_of(authority: str) -> str | None:
    """Return an authority's region; a board of several has the region that all of them share. None where it is not known."""
    regions = {_by_authority().get(key) for key in authorities_in(authority)}
    return regions.pop() if len(regions) == 1 else None


def authorities_in(authority: str) -> tuple[str, ...]:
    """Return the authorities that a name stands for, as they are compared: two for "Bournemouth and Poole", who share a board.

    A name is taken apart only where all of its parts are in the list.
    """
    table, whole = _by_authority(), authority_key(authority)
    if whole in table or not whole:
        return (whole,) if whole else ()
    parts = [authority_key(part) for part in re.split(r",|;|/|&|\band\b", authority) if part.strip()]
    return tuple(dict.fromkeys(parts)) if parts and all(part in table for part in parts) else (whole,)


def region_table(rows: Sequence[LabelledRow]) -> Table:
    """Count the very strong and strong of every region, for rows of one kind; a row's own region goes before the list's."""
    told = answered(rows, "strength")
    by_region: dict[str, list[LabelledRow]] = {}
    for row in told:
        by_region.setdefault(row.region or region_of(row.authority) or UNKNOWN, []).append(row)
    if set(by_region) <= {UNKNOWN}:
        return Table("regions", "By region", ())
    order = [region.name for region in load_regions().regions]
    names = sorted(
        by_region, key=lambda name: (name == UNKNOWN, order.index(name) if name in order else len(order), name)
    )
    shares = [share_of(f"region.{name}", name, by_region[name], is_top) for name in names]
    lost = sorted({row.authority for row in by_region.get(UNKNOWN, [])})
    note = f"Not in the list of authorities: {', '.join(lost)}. A column `region` places them." if lost else ""
    return Table("regions", "Very strong or strong, by region", tuple(shares), note=note)
