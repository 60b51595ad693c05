"""What comes back from Label Studio, told apart into labels and faults."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.annotation import Shown
from api.labelstudio.configuration import CRITERION, LABELS, TEXT, configuration
from api.labelstudio.results import Found, read_results
from api.labelstudio.tasks import TaskText, region
from api.offsets import Utf16Offsets
from classifier.codebook import Codebook, load_codebook
from tests.conftest import ROOT

CODEBOOK = load_codebook(ROOT / "labelled_data/codebook.toml")
PASSAGES = {"p": "🐱 Stay well at home.", "q": "Line one\nline two 😀 ends.", "r": "Stay well at home."}
WHOLE = "\n\n".join(PASSAGES.values())
STARTS = [WHOLE.index("🐱"), WHOLE.index("Line"), WHOLE.rindex("Stay")]
DOCUMENT = TaskText(WHOLE, list(PASSAGES), STARTS, [s + len(t) for s, t in zip(STARTS, PASSAGES.values(), strict=True)])


def labelled(start: int, end: int, text: str | None = None, labels: object = ("primary",), **other: object) -> dict[str, Any]:  # fmt: skip
    quote = WHOLE[start:end] if text is None else text
    value = {"start": start, "end": end, "text": quote, "labels": list(labels) if isinstance(labels, tuple) else labels}
    return {"id": "x1", "from_name": LABELS, "to_name": TEXT, "type": "labels", "value": value, "origin": "prediction", **other}  # fmt: skip


def chosen(key: str, *levels: str) -> dict[str, Any]:
    return {"from_name": CRITERION + key, "to_name": TEXT, "type": "choices", "value": {"choices": list(levels)}}


def test_a_region_is_found_by_its_place_in_code_points(codebook: Codebook) -> None:
    start = WHOLE.index("line two")
    found = read_results([labelled(start, start + 10)], DOCUMENT, codebook)
    assert found == Found(passages={"q": {"primary"}})


def test_an_old_export_counts_utf_16_units(codebook: Codebook) -> None:
    start = WHOLE.index("line two")
    units = Utf16Offsets(WHOLE)
    old = labelled(units.to_units(start), units.to_units(start + 10), WHOLE[start : start + 10])
    assert old["value"]["start"] == start + 1
    assert read_results([old], DOCUMENT, codebook) == Found(passages={"q": {"primary"}})


@given(st.data())
def test_a_span_within_a_passage_is_found_in_either_count(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, 2))
    start = data.draw(st.integers(DOCUMENT.starts[place], DOCUMENT.ends[place] - 1))
    end = data.draw(st.integers(start + 1, DOCUMENT.ends[place]))
    if not WHOLE[start:end].strip():
        return
    units = Utf16Offsets(WHOLE)
    for first, last in ((start, end), (units.to_units(start), units.to_units(end))):
        found = read_results([labelled(first, last, WHOLE[start:end])], DOCUMENT, CODEBOOK)
        if (first, last) == (start, end):
            assert found == Found(passages={DOCUMENT.passage_ids[place]: {"primary"}})
        else:
            # The same words may stand at both places; as code points they count first.
            assert not found.faults


def test_a_line_break_comes_back_as_the_editor_writes_it(codebook: Codebook) -> None:
    start = WHOLE.index("Line one")
    written = labelled(start, start + 17, r"Line one\nline two")
    assert not read_results([written], DOCUMENT, codebook).faults


def test_white_space_beside_a_passage_does_not_count(codebook: Codebook) -> None:
    end = DOCUMENT.ends[0]
    assert read_results([labelled(0, end + 2)], DOCUMENT, codebook).passages == {"p": {"primary"}}


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (labelled(0, 5, "other words"), "holds other text"),
        (labelled(0, 40), "more than one passage"),
        (labelled(5, 5), "are no span"),
        (labelled(-1, 5), "are no span"),
        (labelled(0, 10**30, "x"), "holds other text"),
        (labelled(0, 4, labels=("mention",)), "no passage label 'mention'"),
        (labelled(0, 4, labels=()), "no list of texts"),
        (labelled(0, 4, labels="primary"), "no list of texts"),
        (labelled(0, 4, to_name="other"), "to_name 'other'"),
        (labelled(0, 4, type="rectanglelabels"), "is not in our configuration"),
        ({**labelled(0, 4), "value": {"start": 0, "end": 4, "labels": ["primary"]}}, "no text to check"),
        ({**labelled(0, 4), "value": {"start": "0", "end": True, "text": "a", "labels": ["primary"]}}, "are no span"),
        (chosen("strength", "fair"), "'fair' is no level"),
        (chosen("strength", "weak", "strong"), "2 choices"),
        (chosen("quality", "yes"), "no criterion 'quality'"),
        ("text", "no result with a value"),
        (None, "no result with a value"),
    ],
)
def test_what_does_not_hold_is_named_and_the_rest_is_kept(codebook: Codebook, result: Any, said: str) -> None:
    good = labelled(0, DOCUMENT.ends[0], labels=("tertiary",))
    found = read_results([result, good, chosen("carers", "yes")], DOCUMENT, codebook)
    ((name, detail),) = found.faults
    assert name == ("x1" if isinstance(result, dict) and "id" in result else "number 1")
    assert said in detail
    assert ";" in detail
    assert found.passages == {"p": {"tertiary"}}
    assert found.criteria == {"carers": "yes"}


def test_a_label_that_was_taken_off_is_an_answer_unless_something_is_wrong(codebook: Codebook) -> None:
    shown = Shown("model", {}, {"p": ("primary",), "q": ("tertiary",), "r": (), "of another reading": ("primary",)})
    kept = read_results([labelled(0, 4)], DOCUMENT, codebook)
    told = {labels.passage_id: labels.labels for labels in kept.labels(codebook, DOCUMENT, shown)}
    assert told == {"p": ("primary",), "q": ()}
    faulty = read_results([labelled(0, 4), None], DOCUMENT, codebook)
    assert [labels.passage_id for labels in faulty.labels(codebook, DOCUMENT, shown)] == ["p"]
    assert [labels.passage_id for labels in kept.labels(codebook, DOCUMENT, None)] == ["p"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "value", "type", "from_name", "to_name", "start", "end", "text", "labels", "choices"]), inner
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(ANYTHING, max_size=4) | ANYTHING)
def test_nothing_that_comes_in_raises(results: Any) -> None:
    found = read_results(results, DOCUMENT, CODEBOOK)
    list(found.labels(CODEBOOK, DOCUMENT, None))


def test_what_goes_out_comes_back(codebook: Codebook) -> None:
    out = [region(DOCUMENT, place, ("primary", "emphasis"), 0.9) for place in range(3)]
    found = read_results(out, DOCUMENT, codebook)
    assert found == Found(passages={name: {"primary", "emphasis"} for name in PASSAGES})


def test_the_configuration_holds_the_whole_codebook(codebook: Codebook) -> None:
    view = ElementTree.fromstring(configuration(codebook))
    assert [label.get("value") for label in view.iter("Label")] == list(codebook.labels)
    choices = {found.get("name"): [c.get("value") for c in found] for found in view.iter("Choices")}
    assert choices == {CRITERION + c.key: list(c.levels) for c in codebook.criteria}
    names = [element.get("name") for element in view.iter() if element.get("name")]
    assert len(names) == len(set(names))
    assert {element.get("toName") for element in view.iter() if element.get("toName")} == {TEXT}
