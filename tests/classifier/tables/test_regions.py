"""Every authority has its region, under the names that councils go by."""

from __future__ import annotations

import pytest

from classifier.codebook import Codebook
from classifier.tables.regions import UNKNOWN, authorities_in, load_regions, region_of, region_table
from classifier.tables.rows import LabelledRow
from classifier.tables.year import year_report


def test_the_list_is_whole() -> None:
    regions = load_regions()
    assert {region.name: len(set(region.authorities)) for region in regions.regions} == {
        "North East": 12, "North West": 25, "Yorkshire and the Humber": 15, "East Midlands": 11, "West Midlands": 14, "East of England": 11,
        "London": 33, "South East": 19, "South West": 17,
    }  # fmt: skip
    assert [len(regions.authorities(year)) for year in (2017, 2020, 2022, 2024)] == [152, 151, 152, 153]
    every = {name for region in regions.regions for name in region.authorities}
    assert set(regions.reorganised) | set(regions.aliases.values()) <= every


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("City of York Council", "Yorkshire and the Humber"),
        ("London Borough of Brent", "London"),
        ("City of London", "London"),
        ("Kingston upon Hull, City of", "Yorkshire and the Humber"),
        ("Royal Borough of Windsor & Maidenhead", "South East"),
        ("County Durham", "North East"),
        ("St. Helens", "North West"),
        ("Nottingham City Council", "East Midlands"),
        ("Bournemouth and Poole", "South West"),
        ("Leicester, Leicestershire and Rutland", "East Midlands"),
        ("Leicester and Kent", None),
        ("Saltmarsh", None),
        ("", None),
    ],
)
def test_region_of(name: str, region: str | None) -> None:
    assert region_of(name) == region


def test_every_name_in_the_list_finds_its_own_region() -> None:
    for region in load_regions().regions:
        assert {region_of(f"{name} Council") for name in region.authorities} == {region.name}


def test_a_row_says_its_own_region_and_an_unknown_one_is_named() -> None:
    rows = [
        LabelledRow(document="1", authority="Leeds", confirmed={"strength": "strong"}),
        LabelledRow(document="2", authority="Saltmarsh", confirmed={"strength": "weak"}),
        LabelledRow(document="3", authority="Eddlesham", region="North East", confirmed={"strength": "weak"}),
        LabelledRow(document="4", authority="Kent"),
    ]
    table = region_table(rows)
    assert [(share.words, share.count, share.base) for share in table.shares] == [
        ("North East", 0, 1), ("Yorkshire and the Humber", 1, 1), (UNKNOWN, 0, 1),
    ]  # fmt: skip
    assert "Saltmarsh" in table.note
    assert region_table(rows[1:2]).shares == ()


@pytest.mark.parametrize(
    ("name", "authorities"),
    [
        ("Bournemouth and Poole", ("bournemouth", "poole")),
        ("Tyne and Wear", ("tyne and wear",)),
        ("Brighton and Hove City Council", ("brighton and hove",)),
        ("Leeds; Bradford City Council", ("leeds", "bradford")),
        ("Saltmarsh and Leeds", ("saltmarsh and leeds",)),
        ("", ()),
    ],
)
def test_a_shared_board_stands_for_its_authorities(name: str, authorities: tuple[str, ...]) -> None:
    assert authorities_in(name) == authorities


def test_all_authorities_of_a_year_may_have_one_strategy_less(codebook: Codebook) -> None:
    """152 authorities, 151 strategies: two share a board."""
    names = [name for name in load_regions().authorities(2017) if name not in ("Bournemouth", "Poole")]
    rows = [
        LabelledRow(document=name, authority=name, kind="jhws", confirmed={"strength": "strong"})
        for name in (*names, "Bournemouth and Poole")
    ]
    kind = year_report(rows, codebook).kinds[0]
    assert (len(kind.rows), kind.authorities) == (151, 152)
    assert sum(share.base for table in kind.tables if table.key == "regions" for share in table.shares) == 151
