"""Exact mentions, by rule and with their spans: prevention and where it stands, policies, the triple definition, themes. Codebook, A3 to A6."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from classifier.document import Passage, SectionRole
from classifier.passages import sentence_spans


@dataclass(frozen=True, slots=True)
class Mention:
    """A sentence that answers a criterion; `start` and `end` are offsets into the passage's text."""

    passage: Passage
    start: int
    end: int

    @property
    def quote(self) -> str:
        return self.passage.text[self.start : self.end]


def _pattern(*alternatives: str, flags: int = re.IGNORECASE) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), flags)


_PREVENTION = _pattern(
    r"\bprevent(?:s|ed|ing|ion|ions|ative|ive|atively|able)?\b",
    r"\bearl(?:y|ier)[- ](?:intervention|help)s?\b",
    r"\binterven(?:e|es|ing|tion|tions) (?:much )?(?:early|earlier|sooner)\b",
    r"\bupstream\b",
    r"\breduc\w+,? (?:and|or|and/or) delay\w*\b",
    r"\bdelay\w* (?:or reduc\w+ )?(?:the )?(?:onset|need|needs|development of needs?)\b",
)
# What the same words mean elsewhere. Codebook A3 and part B, rule 5.
_NOT_PREVENTION = _pattern(
    r"\bPrevent (?:duty|programme|agenda|strategy|referrals?|board|lead|team|training|co-?ordinator)\b",
    r"\b(?:crime|fraud|flood(?:ing)?|terrorism|fire|burglary|theft|infection|eviction|data loss|money laundering)(?:s)?(?: and \w+)? prevention\b",
    r"\bprevention of (?:crime|fraud|flood\w*|terrorism|fire|infections?|radicalisation|bribery|corruption)\b",
    r"\bprevent(?:s|ed|ing)? (?:further |future |any )?(?:crime|fraud|flood\w*|terrorism|extremism|radicalisation|violent extremism|delays?|duplication"
    r"|slippage|re-?offending|anti-?social|double counting|infections?)\b",
    r"\binfection,? prevention\b|\bprevention and control of infections?\b|\bprevention and control\b",
    r"\bprevent(?:s|ed|ing)? (?:\w+ ){0,4}from (?:access|us|attend|join|tak|work|get|meet|enter|shar|giv|being able|seek|claim|speak|find|fully|see|hav|mak)\w*",
    r"\bdo(?:es)? not prevent\b|\bnot be prevented\b|\bupstream (?:and downstream )?(?:oil|supplier|server|river)\b",
    flags=0,
)


def _named(pattern: re.Pattern[str], unless: re.Pattern[str] | None, text: str) -> Iterator[re.Match[str]]:
    barred = [match.span() for match in unless.finditer(text)] if unless is not None else []
    for match in pattern.finditer(text):
        if not any(a < match.end() and match.start() < b for a, b in barred):
            yield match


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None = None

    def found_in(self, text: str) -> bool:
        return any(True for _ in _named(self.pattern, self.unless, text))


_PREVENTION_RULE = _Rule(_PREVENTION, _NOT_PREVENTION)

_DUTY = r"(?:prevent\w*,? reduc\w+,? (?:and|or) delay\w*|prevent\w* (?:and|or) delay\w*|prevention)"
_RULES: dict[str, _Rule] = {
    "care_act": _Rule(_pattern(r"\bCare Act\b", r"\bCare Bill\b", flags=0), _pattern(r"\b(?:Social|Health and|Health &|Mental Health) Care Act\b", flags=0)),
    "care_act_section_2": _Rule(
        _pattern(
            r"\bsection (?:2|two)\b[^.]{0,30}\bCare (?:Act|Bill)\b",
            r"\bCare (?:Act|Bill)\b[^.;]{0,60}\b(?:section (?:2|two)\b|s\.? ?2\b)",
            rf"\bCare (?:Act|Bill)\b[^.]{{0,120}}\b(?:dut(?:y|ies)|require\w*|responsibilit\w+|oblig\w+)\b[^.]{{0,80}}\b{_DUTY}",
            rf"\b(?:dut(?:y|ies)|require\w*|responsibilit\w+|oblig\w+)\b[^.]{{0,80}}\b{_DUTY}\b[^.]{{0,120}}\bCare (?:Act|Bill)\b",
            rf"\b{_DUTY}[^.]{{0,40}}\bdut(?:y|ies)\b[^.]{{0,60}}\bCare (?:Act|Bill)\b",
            r"\bCare Act(?:'s|’s)? (?:prevention|preventative) dut(?:y|ies)\b",
        )
    ),
    "better_care_fund": _Rule(_pattern(r"\bBetter Care Fund\b", r"\bi?BCF\b", r"\bBetter Care (?:Plan|Programme|pooled|allocation)\b", flags=0)),
    "five_year_forward_view": _Rule(
        _pattern(r"\b(?:Five|5)[- ]Years?[- ]Forward View\b", r"\b(?:FYFV|5YFV|GPFV|NHSFYFV)\b", r"\bForward View\b"),
    ),
    "integration": _Rule(
        _pattern(
            r"\bintegrat\w+[^.]{0,40}\b(?:health|care|services?|teams?|commissioning|working|support|pathways?|system|records?|neighbourhood)\b",
            r"\b(?:health|care)\b[^.]{0,40}\bintegrat(?:ed|ion|ing|e)\b",
            r"\bpooled (?:budget|fund)", r"\bjoint(?:ly)? commission", r"\bsection 75\b", r"\bjoined[- ]up (?:health|care|services|support)",
            r"\bhealth and (?:adult )?(?:social )?care (?:teams?|records?) (?:working )?together\b",
        ),
        _pattern(r"\bintegrated transport\b", r"\bsocial integration\b", r"\bcommunity integration\b"),
    ),
    "loneliness": _Rule(_pattern(r"\blonel(?:y|iness|ier)\b", r"\b(?:social(?:ly)?|rural) isolat(?:ion|ed)\b", r"\bisolated (?:older|people|residents|and lonely)\b", r"\bisolation\b(?= and lonel| or lonel)")),
    "voluntary_sector": _Rule(
        _pattern(
            r"\bvoluntary\b", r"\bthird[- ]sector\b", r"\bcharit(?:y|ies|able)\b", r"\bV[CS]{1,3}(?:F?S?E?|E)?S?\b(?<=VCS|CFS|CSE|FSE|VCF|FSE)", r"\bVCFSE?\b", r"\bVCSE?\b",
            r"\bcommunity (?:and faith )?(?:groups|organisations)\b", r"\bfaith (?:groups|sector|organisations)\b", r"\bsocial enterprises?\b", r"\bvolunteer(?:s|ing)?\b",
        ),
        _pattern(r"\bvoluntary (?:redundanc|basis|register|agreement)\w*"),
    ),
    "information_and_advice": _Rule(
        _pattern(
            r"\b(?:information|advice)(?:,| and| or| &|/)\s*(?:\w+,? )?(?:and )?(?:advice|information|guidance|support|signposting|advocacy)\b",
            r"\bsignpost\w*\b", r"\b(?:advice|information) (?:service|line|hub|point|centre|offer|sheet|pack|website)s?\b",
            r"\bprovid\w+ (?:\w+ ){0,3}(?:information|advice)\b", r"\baccess to (?:\w+ ){0,2}(?:information|advice)\b", r"\bonline directory\b", r"\bdirectory of (?:\w+ )?services\b",
        )
    ),
    "person_centred": _Rule(
        _pattern(
            r"\b(?:person|people|patient|family|child|individual)[- ]cent(?:red|ered)\b", r"\bpersonali[sz](?:ed|ation)\b", r"\bcent(?:red|ered) (?:on|around|round) the (?:person|individual|patient)\b",
            r"\btailored to (?:the |their |each |every |an )?(?:individual|person|needs?)\b", r"\bperson[- ]led\b", r"\bstrengths?[- ]based\b", r"\bwhat matters to (?:me|you|them|people|each|the person)\b",
        )
    ),
    "social_prescribing": _Rule(
        _pattern(r"\bsocial[- ]prescri\w+", r"\blink workers?\b", r"\bcommunity (?:connectors?|navigators?)\b", r"\bcare navigators?\b", r"\bprescri\w+ (?:on|activity|by|arts|exercise) (?:prescription|referral)?", r"\b(?:exercise|arts|activity|green) (?:on|by) (?:prescription|referral)\b")
    ),
    "carers": _Rule(
        _pattern(r"\bcarers?\b", r"\bunpaid care\b", r"\bcaring for (?:a |an |their )?(?:family|relative|partner|friend|loved|parent|husband|wife)\w*"),
        _pattern(r"\b(?:paid|professional|foster|care home|home|domiciliary|agency|live-in) carers?\b", r"\bparents? (?:and|or|/) ?carers?\b", r"\bparents?/carers?\b", r"\bcarers? (?:allowance)?(?<=\bday carers)\b"),
    ),
    "unmet_need": _Rule(
        _pattern(r"\bunmet\b", r"\bgaps? in (?:\w+ ){0,3}(?:provision|services?|support|care)\b", r"\bneeds? (?:that |which )?(?:go|goes|are|is|will go|remain)(?: currently| still)? (?:unmet|not met|not being met)\b", r"\bnot (?:currently |being )?met by\b", r"\bservice gaps?\b", r"\bhidden need\b")
    ),
    "shift_of_resources": _Rule(
        _pattern(
            r"\b(?:shift|mov|re-?direct|re-?allocat|re-?balanc|re-?invest|re-?focus|transfer|switch|releas|divert)\w*\b[^.]{0,90}\b(?:prevent\w+|early (?:help|intervention)|upstream)\b",
            r"\b(?:invest(?:ing|ment|s|ed)?|spend(?:ing)?|fund(?:ing|s)?|resourc\w+|money|budget\w*)\b[^.]{0,50}\b(?:in|into|on|to|towards) (?:\w+ ){0,3}(?:prevention|preventative|preventive|early (?:help|intervention)|upstream)\b",
            r"\b(?:share|proportion) of (?:\w+ ){0,4}(?:spend\w*|budgets?|resources?|funding)\b[^.]{0,60}\bprevent",
        )
    ),
    "wider_determinants": _Rule(
        _pattern(
            r"\b(?:wider|social|broader|underlying) determinants\b", r"\bdeterminants of (?:health|wellbeing|ill)", r"\bcauses of the causes\b", r"\bbuilding blocks of (?:good )?health\b",
            r"\b(?:housing|homes?|employment|unemployment|jobs?|work|poverty|education|income|environment)\b,? (?:\w+,? ){0,4}(?:and|or) (?:\w+ ){0,2}(?:housing|homes?|employment|unemployment|jobs?|poverty|education|income|environment)\b",
            r"\bhousing\b", r"\bfuel poverty\b", r"\bchild poverty\b", r"\bunemployment\b", r"\bemployment\b",
        )
    ),
}  # fmt: skip

_DEEP_INTEGRATION = _pattern(
    r"\bpooled (?:budget|fund|resource)", r"\bpooling (?:of )?(?:budgets|resources|funds)", r"\bjoint(?:ly)?[- ]commission", r"\bsection 75\b", r"\bs\.?75\b",
    r"\bintegrated (?:\w+ ){0,4}(?:teams?|services?|commissioning|management|records?|neighbourhood|locality|hubs?|pathways?|budgets?|discharge|health and (?:social )?care)\b",
    r"\bmulti-?disciplinary teams?\b", r"\bneighbourhood teams?\b", r"\bshared (?:care )?records?\b", r"\bsingle (?:health and care|care) record\b", r"\bBetter Care Fund\b",
    r"\bintegrat(?:ion|ing|e) (?:of )?(?:\w+ ){0,3}(?:health|care|services|commissioning)\b", r"\bco-?locat\w+",
)  # fmt: skip

_PARTS = {
    "primary": _pattern(r"\bprimary(?:,? (?:and |or )?secondary)?(?:,? (?:and |or |& )?tertiary)? prevention\b", r"\bprimary prevent(?:ion|ative|ive)\b", r"\bprimary\b[^.]{0,12}\bsecondary\b[^.]{0,12}\btertiary\b[^.]{0,20}\bprevent"),
    "secondary": _pattern(r"\bsecondary(?:,? (?:and |or |& )?tertiary)? prevention\b", r"\bsecondary prevent(?:ion|ative|ive)\b", r"\bprimary\b[^.]{0,12}\bsecondary\b[^.]{0,12}\btertiary\b[^.]{0,20}\bprevent"),
    "tertiary": _pattern(r"\btertiary prevent(?:ion|ative|ive)\b", r"\bprimary\b[^.]{0,12}\bsecondary\b[^.]{0,12}\btertiary\b[^.]{0,20}\bprevent"),
}  # fmt: skip
_NEEDS = r"\b(?:needs?|care|support|ill[- ]health|dependen\w+|demand|onset|illness|disabilit\w+|deteriorat\w+)\b"
_TRIPLE = _pattern(
    r"\bprevent\w*\b[^.]{0,25}\breduc\w+\b[^.]{0,25}\bdelay\w*\b", r"\bprevent\w*\b[^.]{0,25}\bdelay\w*\b[^.]{0,25}\breduc\w+\b", r"\bdelay\w*\b[^.]{0,25}\breduc\w+\b[^.]{0,25}\bprevent\w*\b"
)  # fmt: skip
_PAIR = _pattern(
    rf"\bprevent\w*,? (?:and|or|and/or|/) ?delay\w*\b[^.]{{0,60}}{_NEEDS}",
    rf"\breduc\w+,? (?:and|or|and/or) delay\w*\b[^.]{{0,60}}{_NEEDS}",
    rf"\bdelay\w*,? (?:and|or|and/or) (?:reduc|prevent)\w+\b[^.]{{0,60}}{_NEEDS}",
    rf"\bprevent\w*,? (?:and|or|and/or) reduc\w+ {_NEEDS}",
)

_CUES: dict[SectionRole, re.Pattern[str]] = {
    "vision": _pattern(r"\b(?:our|the|a|this|ambitious|shared|overall|overarching) (?:\w+ )?(?:vision|mission|ambition)\b", r"\b(?:our|overall|overarching|the) aim (?:is|of (?:this|the|our) (?:strategy|plan))\b"),
    "priority": _pattern(r"\b(?:our|key|main|top|strategic|of|a|the|these|following|as|\w+) priorit(?:y|ies)\b", r"\bpriorit[iy]\w*\b", r"\b(?:our|strategic|key|the) (?:objective|goal|theme)s?\b"),
    "principle": _pattern(r"\bprinciples?\b", r"\b(?:our|an?|the|this|preventative|preventive|upstream|whole[- ]system\w*) approach\b", r"\bethos\b", r"\bvalues\b", r"\bways? of working\b", r"\bat the heart of (?:everything|all|what)\b"),
}  # fmt: skip


def prevention_mentions(passage: Passage) -> list[Mention]:
    """Return the sentences of a passage that speak of prevention in the codebook's sense."""
    if not _PREVENTION.search(passage.text):
        return []
    return [Mention(passage, a, b) for a, b in sentence_spans(passage.text) if _PREVENTION_RULE.found_in(passage.text[a:b])]


def heading_speaks_of_prevention(passage: Passage) -> bool:
    """Tell whether a heading above the passage speaks of prevention."""
    return any(_PREVENTION_RULE.found_in(heading) for heading in passage.headings)


def place_mentions(passages: Sequence[Passage]) -> dict[str, list[Mention]]:
    """Return, for `anywhere` and each place, the sentences that speak of prevention there.

    A place is told by the section's headings, or by the sentence itself ("our vision is ... prevention").
    """
    found: dict[str, list[Mention]] = {"anywhere": [], "summary": [], "vision": [], "priority": [], "principle": []}
    for passage in passages:
        for mention in prevention_mentions(passage):
            found["anywhere"].append(mention)
            for place in {passage.role, *(role for role, cue in _CUES.items() if cue.search(mention.quote))}:
                if place in found:
                    found[place].append(mention)
    return found


def has_summary(passages: Iterable[Passage]) -> bool:
    """Tell whether a document has a summary of any kind."""
    return any(passage.role == "summary" for passage in passages)


def rule_mentions(key: str, passages: Iterable[Passage]) -> list[Mention]:
    """Return the sentences that mention a policy or a theme. Keys of the codebook's parts A4 and A6."""
    rule = _RULES[key]
    return list(_sentences(passages, rule))


def _sentences(passages: Iterable[Passage], rule: _Rule) -> Iterator[Mention]:
    for passage in passages:
        if rule.found_in(passage.text):
            spans = [(a, b) for a, b in sentence_spans(passage.text) if rule.found_in(passage.text[a:b])]
            for a, b in spans or [(0, len(passage.text))]:
                yield Mention(passage, a, b)


def integration_kind(mentions: Iterable[Mention]) -> tuple[str, list[Mention]]:
    """Return `integration` with the sentences that show it, else `cooperation`; `none` without any mention. Codebook, A6."""
    mentions = list(mentions)
    deep = [mention for mention in mentions if _DEEP_INTEGRATION.search(mention.quote)]
    if deep:
        return "integration", deep
    return ("cooperation", mentions) if mentions else ("none", [])


def triple_definition(passages: Sequence[Passage]) -> tuple[str, list[Mention]]:
    """Return `full`, `part` or `none` with the sentences that show it. Codebook, A5."""
    parts = {name: list(_sentences(passages, _Rule(pattern))) for name, pattern in _PARTS.items()}
    triple = [m for m in _sentences(passages, _Rule(_TRIPLE)) if re.search(_NEEDS, m.quote, re.IGNORECASE)]
    named = [mention for found in parts.values() for mention in found[:2]]
    if all(parts.values()) or triple:
        return "full", triple or _unique(named)
    some = _unique(named) + list(_sentences(passages, _Rule(_PAIR)))
    return ("part", some) if some else ("none", [])


def _unique(mentions: Iterable[Mention]) -> list[Mention]:
    return list({(m.passage.id, m.start, m.end): m for m in mentions}.values())
