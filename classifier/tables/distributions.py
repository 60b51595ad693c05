"""The tables of one kind of document: strength, where prevention stands, policies named, definition, themes, tiers, and crossings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from classifier.codebook import STRENGTHS, TIERS, Codebook, Criterion
from classifier.report.words import CRITERION_WORDS, STATE_WORDS, STRENGTH_WORDS, TIER_WORDS
from classifier.tables.figures import Share, Table, answered, share_of
from classifier.tables.rows import LabelledRow

TOP = ("very_strong", "strong")
BOTTOM = ("weak", "very_weak")
_PLACES = ("vision", "priority", "principle")
_PLACE_WORDS = {
    "anywhere": "Anywhere",
    "summary": "In the summary (of those that have one)",
    "vision": "In the vision or aim",
    "priority": "In priorities or goals",
    "principle": "In principles, approaches or values",
}
_DEFINITION_WORDS = {"full": "In full", "part": "In part", "none": "Not at all"}
_PART_TITLES = {"A4": ("policies", "National policies named"), "A6": ("themes", "Themes")}


def tables_of(rows: Sequence[LabelledRow], codebook: Codebook) -> list[Table]:
    """Return every table of rows of one kind that has something in it."""
    found = [strength_table(rows), places_table(rows, codebook), definition_table(rows)]
    found += [yes_table(rows, codebook, part, *titles) for part, titles in _PART_TITLES.items()]
    found += [kinds_table(rows), tiers_table(rows), *level_tables(rows, codebook), crossings_table(rows, codebook)]
    return [table for table in found if table.shares]


def strength_table(rows: Sequence[LabelledRow]) -> Table:
    """Count the five labels, the strongest first."""
    told = answered(rows, "strength")
    shares = [_level(told, "strength", label, STRENGTH_WORDS[label].capitalize()) for label in reversed(STRENGTHS)]
    return Table("strength", "Strength of prevention", tuple(shares) if told else (), whole=True)


def places_table(rows: Sequence[LabelledRow], codebook: Codebook) -> Table:
    """Count where prevention is mentioned; a place is counted of those that have it."""
    shares = [
        _level(told, criterion.key, "yes", _PLACE_WORDS.get(criterion.key, _words(criterion)))
        for criterion in codebook.part("A3")
        if (told := answered(rows, criterion.key, but=("not_applicable",)))
    ]
    if all(answered(rows, key) for key in _PLACES):
        told = [row for row in rows if all(row.level(key) for key in _PLACES)]
        words = "In the vision, priorities, goals or principles, at least once"
        shares.append(share_of("key_places", words, told, lambda row: any(row.level(key) == "yes" for key in _PLACES)))
    return Table("places", "Where prevention is mentioned", tuple(shares))


def definition_table(rows: Sequence[LabelledRow]) -> Table:
    """Count who defines prevention in its three parts."""
    told = answered(rows, "triple_definition")
    shares = [_level(told, "triple_definition", level, words) for level, words in _DEFINITION_WORDS.items()]
    return Table("triple_definition", "Triple definition of prevention", tuple(shares) if told else (), whole=True)


def yes_table(rows: Sequence[LabelledRow], codebook: Codebook, part: str, key: str, title: str) -> Table:
    """Count the yes of every yes-or-no criterion of a part."""
    asked = [criterion for criterion in codebook.part(part) if "yes" in criterion.levels]
    shares = [_level(told, c.key, "yes", _words(c)) for c in asked if (told := answered(rows, c.key))]
    return Table(key, title, tuple(shares))


def kinds_table(rows: Sequence[LabelledRow]) -> Table:
    """Count what is meant by integration, of those that mention it."""
    told = answered(rows, "integration_kind", but=("none",))
    words = {
        "integration": "Integration: shared teams, budgets, services or records",
        "cooperation": "Cooperation only",
    }
    shares = [_level(told, "integration_kind", level, said) for level, said in words.items()]
    return Table("integration_kind", "What integration means", tuple(shares) if told else (), whole=True)


def tiers_table(rows: Sequence[LabelledRow]) -> Table:
    """Count the tiers that are covered, and of them those that are emphasised."""
    shares: list[Share] = []
    for tier in TIERS:
        if told := answered(rows, tier):
            words = TIER_WORDS[tier].partition(":")[0]
            shares.append(_one_of(told, tier, ("mentioned", "emphasised"), f"{words}: covered"))
            shares.append(_level(told, tier, "emphasised", f"{words}: {STATE_WORDS['emphasised']}"))
    return Table("tiers", "Tiers of prevention", tuple(shares))


def level_tables(rows: Sequence[LabelledRow], codebook: Codebook) -> Iterator[Table]:
    """Yield a table for every question that is put to replies only. Codebook, part A7."""
    asked = codebook.part("A7")
    yes_or_no = [c for c in asked if set(c.levels) == {"yes", "no"} and answered(rows, c.key)]
    shares = [_level(answered(rows, c.key), c.key, "yes", _words(c)) for c in yes_or_no]
    yield Table("replies", "What councils say they do", tuple(shares))
    for criterion in asked:
        if criterion not in yes_or_no and (told := answered(rows, criterion.key)):
            levels = [
                _level(told, criterion.key, level, level.replace("_", " ").capitalize()) for level in criterion.levels
            ]
            yield Table(criterion.key, criterion.question, tuple(levels), whole=True)


def crossings_table(rows: Sequence[LabelledRow], codebook: Codebook) -> Table:
    """Count how many of those that say yes to a criterion are very strong or strong."""
    told = answered(rows, "strength")
    overall = share_of("crossing.all", "Of all", told, is_top)
    shares = [overall] if told else []
    for criterion in codebook.part("A4", "A5", "A6"):
        level = "full" if "full" in criterion.levels else "yes"
        if level in criterion.levels and (those := [row for row in told if row.level(criterion.key) == level]):
            words = f"Of the {len(those):,} that {crossing_words(criterion.key)}"
            shares.append(share_of(f"crossing.{criterion.key}", words, those, is_top))
    note = "A crossing shows what goes together, not what brings what about."
    return Table(
        "crossings", "Very strong or strong, by what else is said", tuple(shares) if len(shares) > 1 else (), note=note
    )


def crossing_words(key: str) -> str:
    """Return the words for "of the 41 that ..."."""
    policies = {
        "triple_definition": "define prevention in its three parts", "care_act": "mention the Care Act",
        "care_act_section_2": "mention the Care Act's prevention duty", "better_care_fund": "mention the Better Care Fund",
        "five_year_forward_view": "mention the Five Year Forward View",
    }  # fmt: skip
    if key in policies:
        return policies[key]
    words = CRITERION_WORDS.get(key, key.replace("_", " "))
    return f"mention {words[:1].lower()}{words[1:]}"


def is_top(row: LabelledRow) -> bool:
    """Tell whether a document is very strong or strong."""
    return row.level("strength") in TOP


def is_bottom(row: LabelledRow) -> bool:
    """Tell whether a document is weak or very weak."""
    return row.level("strength") in BOTTOM


def _level(rows: Sequence[LabelledRow], key: str, level: str, words: str) -> Share:
    return share_of(f"{key}.{level}", words, rows, lambda row: row.level(key) == level)


def _one_of(rows: Sequence[LabelledRow], key: str, levels: Sequence[str], words: str) -> Share:
    return share_of(f"{key}.covered", words, rows, lambda row: row.level(key) in levels)


def answer_words(criterion: Criterion) -> str:
    """Return the words for the yes to a criterion where no title stands over it."""
    if criterion.key in _PLACE_WORDS:
        words = _PLACE_WORDS[criterion.key]
        return f"Prevention {words[:1].lower()}{words[1:]}"
    return _words(criterion)


def _words(criterion: Criterion) -> str:
    return CRITERION_WORDS.get(criterion.key, criterion.question).removeprefix("… ")
