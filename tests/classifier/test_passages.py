from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from classifier.document import Document, Passage
from classifier.formats.markdown import read_markdown
from classifier.formats.text import read_text
from classifier.passages import MAX_WORDS, find_passages, sentence_spans


def passages_of(text: str, *, markdown: bool = True) -> list[Passage]:
    pages = read_markdown(text) if markdown else read_text(text)
    return find_passages(Document("0" * 64, "x.md", "markdown", pages))


LONG = (
    "The service visits people at home each week and helps them to regain their footing after a long stay on the ward."
)


def test_a_list_keeps_its_lead_in() -> None:
    (found,) = passages_of(
        "# Priorities\n\nOver the next three years we will do these four things in each locality:\n\n- open a hub\n- train forty staff\n- visit at home\n"
    )
    assert found.text.startswith("Over the next")
    assert found.text.endswith("• visit at home")
    assert found.role == "priority"


def test_short_fragments_are_joined_until_a_sentence_ends() -> None:
    (found,) = passages_of(
        "people who have fallen\n\nare offered a visit and a course of exercise at\n\nthe leisure centre for twelve weeks free of charge.\n"
    )
    assert found.text.count("\n\n") == 2


def test_headings_make_the_path_and_the_title_is_left_out() -> None:
    found = passages_of(
        f"# Town Strategy\n\n## Ageing well\n\n### Falls\n\n{LONG}\n\n## Governance\n\n{LONG.replace('week', 'month')}\n"
    )
    assert [p.headings for p in found] == [("Ageing well", "Falls"), ("Governance",)]


def test_a_table_row_is_a_passage() -> None:
    row = "| Home from hospital service with a call within one day | people over sixty who live alone | Red Lamp | October 2024 |"
    found = passages_of(f"| What | Who | Lead | When |\n|---|---|---|---|\n{row}\n{row.replace('Home', 'Lift')}\n")
    assert [p.text.split(" | ")[0].split()[0] for p in found] == ["What", "Home", "Lift"]


def test_contents_are_left_out_and_the_text_after_them_is_not() -> None:
    found = passages_of(
        f"**Contents**\n\n**Foreword**\n\n4\n\n**Our vision**\n\n6\n\n{LONG}\n\n**Our vision**\n\n{LONG.replace('week', 'day')}\n"
    )
    assert [p.role for p in found] == ["other", "vision"]


def test_a_lone_heading_is_no_passage() -> None:
    assert len(passages_of(f"# A title that stands alone\n\n## Another\n\n{LONG}\n")) == 1


@given(
    st.lists(
        st.sampled_from(
            [LONG, "- short item", "Fragment without end", "## Heading", "x " * 400, "12", "Short. Sentence."]
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_passage_is_a_slice_of_its_page_and_none_is_too_long(parts: list[str]) -> None:
    pages = read_markdown("\n\n".join(parts))
    found = find_passages(Document("0" * 64, "x.md", "markdown", pages))
    for passage in found:
        assert pages[passage.page - 1].text[passage.start : passage.end] == passage.text
        assert len(passage.text.split()) <= MAX_WORDS
    spans = [(p.start, p.end) for p in found]
    assert spans == sorted(spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_no_word_of_a_long_text_is_lost() -> None:
    text = " ".join(f"word{i}{'.' if i % 17 == 0 else ''}" for i in range(1000))
    assert " ".join(p.text for p in passages_of(text)).split() == text.split()


def test_sentences_are_not_cut_at_abbreviations() -> None:
    text = "Dr. Lowe spoke, e.g. of falls. Cllr. Bray agreed. Then all left."
    assert [text[a:b] for a, b in sentence_spans(text)] == [
        "Dr. Lowe spoke, e.g. of falls.",
        "Cllr. Bray agreed.",
        "Then all left.",
    ]
