from __future__ import annotations

import pytest

from classifier.document import Passage, SectionRole
from classifier.mentions import (
    has_summary,
    integration_kind,
    place_mentions,
    prevention_mentions,
    rule_mentions,
    triple_definition,
)


def passage(text: str, role: SectionRole = "other", headings: tuple[str, ...] = ()) -> Passage:
    return Passage(str(abs(hash(text)))[:16], 1, 0, len(text), text, headings, role)


@pytest.mark.parametrize(
    "text",
    [
        "We will invest in prevention.",
        "A preventative approach runs through all of it.",
        "Early help for families comes first.",
        "We must intervene earlier.",
        "It should delay the need for residential care.",
        "The board wants to work further upstream.",
        "Falls prevention classes meet weekly.",
        "It will reduce and delay needs for support.",
        "Suicide prevention is a concern of all partners.",
    ],
)
def test_prevention_is_found(text: str) -> None:
    assert len(prevention_mentions(passage(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Staff are trained in the Prevent duty.",
        "The partnership leads on crime prevention.",
        "Flood prevention works start in May.",
        "The infection prevention and control team audits wards.",
        "Measures for the prevention of fraud were agreed.",
        "A gateway review will prevent delays to the programme.",
        "Steps prevent wheelchair users from accessing the hall.",
        "We shall prevent crime and antisocial behaviour.",
        "The ward was refurbished.",
    ],
)
def test_what_the_word_means_elsewhere_is_not(text: str) -> None:
    assert prevention_mentions(passage(text)) == []


def test_a_decoy_beside_a_true_mention_hides_nothing() -> None:
    assert prevention_mentions(passage("Beyond crime prevention, the plan puts prevention of ill health first."))


def test_places_are_told_by_section_and_by_sentence() -> None:
    found = place_mentions([
        passage("We act early: prevention first.", "summary"),
        passage("Our vision is a town where prevention comes before cure."),
        passage("One of our priorities is early intervention."),
        passage("Prevention guides us.", "principle"),
    ])  # fmt: skip
    assert {place: len(mentions) for place, mentions in found.items()} == {
        "anywhere": 4,
        "summary": 1,
        "vision": 1,
        "priority": 1,
        "principle": 1,
    }


def test_the_quote_is_the_sentence() -> None:
    (mention,) = prevention_mentions(passage("Nothing here. Prevention pays. Nothing there."))
    assert mention.quote == "Prevention pays."


@pytest.mark.parametrize(
    ("key", "text", "found"),
    [
        ("care_act", "Under the Care Act 2014 councils must act.", True),
        ("care_act", "The Care Bill is before Parliament.", True),
        ("care_act", "The Health and Social Care Act 2012 made boards.", False),
        ("care_act_section_2", "Section 2 of the Care Act asks for this.", True),
        ("care_act_section_2", "The Care Act places a duty on us to prevent, reduce and delay needs.", True),
        ("care_act_section_2", "The Care Act changed assessments.", False),
        ("better_care_fund", "The BCF pays for the store.", True),
        ("better_care_fund", "We want better care.", False),
        ("five_year_forward_view", "The NHS Five Year Forward View set this out.", True),
        ("five_year_forward_view", "Our five year plan looks forward.", False),
        ("loneliness", "Social isolation is common here.", True),
        ("loneliness", "An isolation ward was opened.", False),
        ("social_prescribing", "Each practice has a link worker.", True),
        ("carers", "Unpaid carers get a break.", True),
        ("carers", "We recruit foster carers.", False),
        ("voluntary_sector", "Charities run the cafés.", True),
        ("information_and_advice", "Anyone can get information and advice.", True),
        ("person_centred", "Care is person-centred.", True),
        ("unmet_need", "We looked for unmet need.", True),
        ("shift_of_resources", "Money will shift from hospitals to prevention.", True),
        ("shift_of_resources", "Money is short.", False),
        ("wider_determinants", "The wider determinants matter most.", True),
        ("integration", "We will integrate health and social care.", True),
        ("integration", "We work together.", False),
    ],
)  # fmt: skip
def test_policies_and_themes(key: str, text: str, found: bool) -> None:
    assert bool(rule_mentions(key, [passage(text)])) == found


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We speak of primary, secondary and tertiary prevention.", "full"),
        ("The duty is to prevent, reduce and delay needs for care and support.", "full"),
        ("This chapter is about primary prevention.", "part"),
        ("It will prevent or delay the need for care.", "part"),
        ("Primary schools and secondary care met at the tertiary centre.", "none"),
        ("We will reduce delays.", "none"),
    ],
)
def test_the_triple_definition(text: str, kind: str) -> None:
    assert triple_definition([passage(text)])[0] == kind


def test_the_kind_of_integration() -> None:
    assert integration_kind([])[0] == "none"
    assert (
        integration_kind(
            rule_mentions("integration", [passage("Health and care will be better integrated by talking.")])
        )[0]
        == "cooperation"
    )
    assert (
        integration_kind(rule_mentions("integration", [passage("A pooled budget pays for integrated teams.")]))[0]
        == "integration"
    )


def test_a_summary_is_there_or_not() -> None:
    assert has_summary([passage("x", "summary")])
    assert not has_summary([passage("x")])
