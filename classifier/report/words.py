"""How labels, features and criteria are put to people."""

from __future__ import annotations

STRENGTH_WORDS = {
    "very_strong": "very strong",
    "strong": "strong",
    "neither": "neither strong nor weak",
    "weak": "weak",
    "very_weak": "very weak",
}
STRENGTH_SHORT = {
    "very_strong": "very strong",
    "strong": "strong",
    "neither": "neither",
    "weak": "weak",
    "very_weak": "very weak",
}
STATE_WORDS = {
    "none": "not covered",
    "mentioned": "mentioned",
    "emphasised": "emphasised",
    "not_enough_text": "not enough readable text",
}
TIER_WORDS = {
    "primary": "Primary: stop needs arising",
    "secondary": "Secondary: act early for people at risk",
    "tertiary": "Tertiary: limit need, avoid crisis again",
}
FEATURE_WORDS = {
    "prevention_is_key": "Prevention stands in summary, vision, priorities or principles",
    "prevention_emphasised": "Prevention stated as an aim, principle or shift of resources",
    "primary_breadth": "Breadth of primary prevention",
    "secondary_breadth": "Breadth of secondary prevention",
    "tertiary_breadth": "Breadth of tertiary prevention",
    "tertiary_groups": "Groups and conditions that tertiary services serve",
    "key_and_secondary": "Prevention is key, and secondary services back it",
    "key_and_tertiary": "Prevention is key, and tertiary services back it",
    "awareness_share": "Share of what is done that is information only",
    "defined_in_three": "Prevention defined in its three parts",
}
CRITERION_WORDS = {
    "anywhere": "Prevention mentioned", "summary": "… in the summary", "vision": "… in the vision or aim", "priority": "… as or in a priority",
    "principle": "… as a principle or approach", "care_act": "Care Act", "care_act_section_2": "Care Act prevention duty (section 2)",
    "better_care_fund": "Better Care Fund", "five_year_forward_view": "Five Year Forward View", "triple_definition": "Triple definition of prevention",
    "integration": "Integration of health and social care", "integration_kind": "… its kind", "loneliness": "Loneliness or social isolation",
    "voluntary_sector": "Voluntary sector", "information_and_advice": "Information and advice", "person_centred": "Person-centred care",
    "social_prescribing": "Social prescribing", "carers": "Carers", "unmet_need": "Unmet need", "shift_of_resources": "Shift of resources to prevention",
    "wider_determinants": "Wider determinants of health",
}  # fmt: skip


def value_words(value: bool | str | None) -> str:
    """Put a criterion's value into words."""
    if value is None:
        return "not enough readable text"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.replace("_", " ")


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return "1 page" or "3 pages"."""
    return f"{count} {one if count == 1 else many or one + 's'}"
