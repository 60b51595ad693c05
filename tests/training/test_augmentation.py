from __future__ import annotations

import random
from collections import Counter

from training.augmentation import show
from training.config import TrainingConfig
from training.data import LabelledPassage


def passage(text: str, labels: list[str], heading: str = "") -> LabelledPassage:
    return LabelledPassage(id=text[:5], group="g", origin="invented", text=text, heading=heading, labels=labels)


ONE = passage("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu", ["primary"], "Living well")
OTHER = passage("one two three four five six seven eight nine ten eleven twelve", ["tertiary", "integration"])
DULL = passage("minutes of the meeting held on a Tuesday were taken as read by all who had come", [])
LEAFLET = passage("a leaflet tells residents where to go for help with damp", ["primary", "awareness_only"])


def test_mixed_passages_keep_every_word_and_carry_both_labels() -> None:
    config = TrainingConfig(mixed=1.0, flanked=0.0, slips=0.0)
    for seed in range(40):
        shown = show([ONE, OTHER], 0, config, random.Random(seed))
        words = Counter(shown.text.text.split())
        if words != Counter((ONE.text + " " + ONE.text).split()):
            assert words == Counter(f"{ONE.text} {OTHER.text}".split())
            assert shown.labels == {"primary", "tertiary", "integration"}


def test_other_work_ends_awareness_only() -> None:
    config = TrainingConfig(mixed=1.0, flanked=0.0, slips=0.0)
    seen = {show([LEAFLET, OTHER], 0, config, random.Random(seed)).labels for seed in range(30)}
    assert frozenset({"primary", "tertiary", "integration"}) in seen
    assert all("awareness_only" not in labels for labels in seen if "tertiary" in labels)


def test_headings_are_shown_left_out_and_run_in() -> None:
    config = TrainingConfig(mixed=0.0, flanked=0.0, slips=0.0)
    seen = {
        (s.text.heading, s.text.text.startswith("Living well"))
        for s in (show([ONE], 0, config, random.Random(i)) for i in range(60))
    }
    assert seen == {("Living well", False), ("", False), ("", True)}


def test_a_cut_through_a_page_keeps_the_passage_and_its_labels() -> None:
    config = TrainingConfig(mixed=0.0, flanked=1.0, slips=0.0, heading_dropout=1.0)
    seen = [show([ONE, DULL], 0, config, random.Random(seed)) for seed in range(40)]
    assert all(ONE.text in shown.text.text and shown.labels == {"primary"} for shown in seen)
    before, after = ({shown.text.text.partition(ONE.text)[side] for shown in seen} for side in (0, 2))
    assert any(words and DULL.text.endswith(words.strip()) for words in before)
    assert any(words and DULL.text.startswith(words.strip()) for words in after)


def test_only_unlabelled_text_is_put_beside_a_passage() -> None:
    config = TrainingConfig(mixed=0.0, flanked=1.0, slips=0.0, heading_dropout=1.0)
    assert {show([ONE, OTHER], 0, config, random.Random(seed)).text.text for seed in range(20)} == {ONE.text}


def test_slips_lose_letters_or_add_a_link_or_a_page_number() -> None:
    config = TrainingConfig(mixed=0.0, flanked=0.0, slips=1.0)
    text = "all will follow the office's first attention to illness"
    seen = {show([passage(text, ["primary"])], 0, config, random.Random(seed)).text.text for seed in range(200)}
    assert any("al wil fol" in shown for shown in seen)
    assert any("https://www." in shown for shown in seen)
    assert any("Page " in shown for shown in seen)


def test_the_same_seed_shows_the_same() -> None:
    config = TrainingConfig(mixed=0.5)
    one, other = (
        [show([ONE, OTHER, LEAFLET], i % 3, config, dice) for i in range(30)]
        for dice in (random.Random(5), random.Random(5))
    )
    assert one == other
