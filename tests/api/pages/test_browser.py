"""The pages as a person uses them, in a real browser."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from classifier.codebook import Codebook
from tests.api.pages.conftest import Window
from tests.api.pages.test_hostile import PAYLOADS
from tests.api.service import strategy, submit, wait_for
from tests.conftest import SAMPLE

pytestmark = pytest.mark.browser


@pytest.fixture
def sample(client: httpx.Client) -> str:
    """The sample strategy, scored."""
    made = submit(client, SAMPLE.read_bytes(), SAMPLE.name).json()
    if made["job_id"] is not None:
        assert wait_for(client, made["job_id"])["status"] == "succeeded"
    return str(made["document_id"])


def scored(client: httpx.Client, mark: str, name: str = "plan.md", **fields: str) -> str:
    made = submit(client, strategy(mark), name, **fields).json()
    assert wait_for(client, made["job_id"])["status"] == "succeeded"
    return str(made["document_id"])


def review(window: Window, document: str) -> Page:
    """Open a document's page and wait until it can be used."""
    page = window.open(f"/documents/{document}")
    page.wait_for_selector('main[data-ready="true"]')
    return page


def said(client: httpx.Client, document: str, who: str) -> list[dict[str, Any]]:
    """Return what somebody has said of a document, newest first."""
    listed = client.get(f"/v1/documents/{document}/annotations", params={"limit": 200}).json()["annotations"]
    return [one for one in listed if who in one["annotator"]]


def level(page: Page, criterion: str, value: str) -> Locator:
    """Return the button of an answer."""
    return page.locator(f'input[name="level-{criterion}"][value="{value}"]')


def select_line(page: Page) -> str:
    """Select a line of a drawn page with the mouse; return its words."""
    spans = page.locator('.sheet[data-drawn="true"]:has(.mark.current) .textLayer span')
    spans.first.wait_for(state="attached")
    for span in spans.all():
        words, box = span.text_content() or "", span.bounding_box()
        # The running header is no part of any passage.
        if len(words) > 40 and "2024 to 2029" not in words and box is not None and 160 < box["y"] < 700:
            middle = box["y"] + box["height"] / 2
            page.mouse.move(box["x"] + 1, middle)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
            page.mouse.up()
            return words
    raise AssertionError("no line of text is in sight")


def test_a_person_submits_a_document_looks_at_its_evidence_and_corrects_it(
    window: Window, client: httpx.Client
) -> None:
    page = window.open("/documents")
    page.locator("#file").set_input_files(SAMPLE)
    row = page.locator("#rows tr", has_text=SAMPLE.name)
    expect(row).to_contain_text(re.compile("strong|neither|weak"), timeout=60_000)
    row.get_by_role("link").click()
    page.wait_for_selector('main[data-ready="true"]')

    seen = set()
    for _ in range(3):
        page.keyboard.press("j")
        mark = page.locator(".sheet .mark.current").first
        expect(mark).to_be_in_viewport()
        seen.add(page.locator("li.current").get_attribute("data-place"))
    assert len(seen) == 3

    level(page, "strength", "very_weak").check()
    expect(page.locator("#criterion-strength [data-told]")).to_contain_text("Changed from")
    page.locator("#criterion-primary h3").click()
    page.keyboard.press("n")
    page.keyboard.press("1")
    expect(page.locator("#criterion-secondary [data-told]")).to_contain_text("Changed from")

    words = select_line(page)
    page.locator("#selecting-for").select_option("tertiary")
    page.locator("#add-evidence").click()
    expect(page.locator("#selecting")).to_be_hidden()
    assert page.locator("#fault").text_content() == ""
    added = page.locator("#criterion-tertiary li.added")
    expect(added).to_have_count(1)
    quote = added.locator(".quote").text_content() or ""
    assert re.sub(r"\W", "", quote) == re.sub(r"\W", "", words)

    expect(page.locator("#state")).to_have_text("Saved")
    page.reload()
    page.wait_for_selector('main[data-ready="true"]')
    expect(page.locator("#criterion-tertiary li.added")).to_have_count(1)
    page.keyboard.press("a")
    page.keyboard.press("s")
    expect(page.locator("#state")).to_contain_text("Review sent")
    document = page.url.rpartition("/")[2]
    (sent,) = said(client, document, "submits_a_document")
    assert (sent["criteria"]["strength"], sent["criteria"]["secondary"], sent["changed"]) == ("very_weak", "none", True)
    assert [(one["criterion"], one["verdict"], one["quote"]) for one in sent["evidence"]] == [
        ("tertiary", "added", quote)
    ]


def test_an_item_is_confirmed_unchanged_with_few_keys(window: Window, client: httpx.Client, codebook: Codebook) -> None:
    _, *documents = [scored(client, f"by keyboard {number}") for number in range(4)]
    page = review(window, documents[-1])
    pressed = 0

    def press(key: str) -> None:
        nonlocal pressed
        page.keyboard.press(key)
        pressed += 1

    for document in reversed(documents):
        assert page.url.endswith(document)
        page.wait_for_selector('main[data-ready="true"]')
        for key in ("j", "j", "j", "a", "s"):
            press(key)
        expect(page.locator("#state")).to_contain_text("Review sent")
        press("]")
        page.wait_for_url(re.compile(f"^(?!.*{document}$)"))
    assert pressed / len(documents) <= 8
    for document in documents:
        (sent,) = said(client, document, "few_keys")
        assert sent["changed"] is False
        assert list(sent["criteria"]) == [criterion.key for criterion in codebook.criteria]


def test_labels_of_a_passage_evidence_notes_and_undo(window: Window, client: httpx.Client, sample: str) -> None:
    page = review(window, sample)
    page.keyboard.press("j")
    page.keyboard.press("t")
    expect(page.locator("#passage-title")).to_be_focused()
    label = page.locator('#passage-labels [data-label="loneliness"]')
    expect(label).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("7")
    expect(label).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#passage-state")).to_contain_text("Changed by you")
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(page.locator("li.current")).to_have_class(re.compile("removed"))
    page.keyboard.press("u")
    expect(page.locator("li.current")).not_to_have_class(re.compile("removed"))
    page.keyboard.press("x")
    page.keyboard.press("m")
    page.keyboard.type("a? note, js")
    page.keyboard.press("Escape")
    page.keyboard.press("0")
    expect(page.locator("#state")).to_have_text("Saved")
    page.keyboard.press("s")
    expect(page.locator("#state")).to_contain_text("Review sent")
    passage, whole = said(client, sample, "labels_of_a_passage")
    assert "loneliness" in passage["labels"]
    assert whole["criteria"] == {"strength": "not_enough_text"}
    assert [one["verdict"] for one in whole["evidence"]] == ["removed"]
    assert whole["note"] == "a? note, js"


def test_passages_are_walked_and_added_without_a_mouse(window: Window, client: httpx.Client, sample: str) -> None:
    page = review(window, sample)
    page.locator("#criterion-tertiary").focus()
    page.keyboard.press("f")
    shown = page.locator("#passage-text")
    expect(shown).not_to_be_empty()
    first = shown.text_content()
    page.keyboard.press("f")
    expect(shown).not_to_have_text(first or "")
    second = shown.text_content() or ""
    page.keyboard.press(".")
    expect(shown).not_to_have_text(second)
    page.keyboard.press(",")
    expect(shown).to_have_text(second)
    expect(page.locator(".sheet .mark.passage").first).to_be_in_viewport()
    page.keyboard.press("e")
    expect(page.locator("#criterion-tertiary li.added .quote")).to_have_text(second)


def test_two_windows_show_both_versions_and_lose_neither(window: Window, client: httpx.Client) -> None:
    document = scored(client, "in two windows")
    one, two = review(window, document), review(window, document)
    level(one, "carers", "yes").check()
    expect(one.locator("#state")).to_have_text("Saved")
    level(two, "carers", "no").check()
    dialog = two.locator("#conflict")
    expect(dialog).to_be_visible()
    expect(dialog.locator("tr.differs").first).to_contain_text(re.compile("no.*yes"))
    two.get_by_role("button", name="Take the other").click()
    expect(level(two, "carers", "yes")).to_be_checked()
    two.keyboard.press("u")
    expect(level(two, "carers", "no")).to_be_checked()
    expect(two.locator("#state")).to_have_text("Saved")


def test_anothers_review_that_came_meanwhile_is_shown(window: Window, client: httpx.Client) -> None:
    document = scored(client, "reviewed meanwhile")
    page = review(window, document)
    client.post(
        f"/v1/documents/{document}/annotations", json={"criteria": {"carers": "not_enough_text"}, "note": "mine"}
    )
    page.keyboard.press("a")
    page.keyboard.press("s")
    dialog = page.locator("#conflict")
    expect(dialog).to_contain_text("administrator has reviewed this document meanwhile")
    expect(dialog).to_contain_text("not enough readable text")
    page.get_by_role("button", name="Send mine beside it").click()
    expect(page.locator("#state")).to_contain_text("Review sent")
    assert len(said(client, document, "")) == 2


def test_highlights_lie_on_the_words_that_they_quote(window: Window, client: httpx.Client, sample: str) -> None:
    page = review(window, sample)
    # The words of the page's own text under each mark, letter by letter.
    read = """() => {
      const mark = [...document.querySelectorAll('.sheet .mark.current')].map((one) => one.getBoundingClientRect());
      const found = [];
      for (const span of document.querySelectorAll('.textLayer span')) {
        const node = span.firstChild;
        if (!node || node.nodeType !== 3) continue;
        const range = document.createRange();
        for (let at = 0; at < node.length; at += 1) {
          range.setStart(node, at); range.setEnd(node, at + 1);
          const letter = range.getBoundingClientRect();
          const x = letter.left + letter.width / 2, y = letter.top + letter.height / 2;
          if (mark.some((box) => box.left <= x && x <= box.right && box.top <= y && y <= box.bottom)) found.push(node.data[at]);
        }
      }
      return found.join('');
    }"""
    for _ in range(5):
        page.keyboard.press("j")
        expect(page.locator(".sheet .mark.current").first).to_be_in_viewport()
        page.wait_for_selector('.sheet[data-drawn="true"]:has(.mark.current)')
        quote = re.sub(r"\W", "", page.locator("li.current .quote").text_content() or "")
        under = re.sub(r"\W", "", page.evaluate(read))
        share = sum(letter in under for letter in quote) / len(quote)
        assert share > 0.98
        assert abs(len(under) - len(quote)) <= max(3, len(quote) // 20), (quote, under)


def test_hostile_words_run_nowhere(window: Window, client: httpx.Client) -> None:
    payload = "</script><img src=x onerror=alert(1)><script>alert(2)</script>"
    document = scored(client, payload, f"{payload.replace('/', '_')}.md", authority=payload)
    said_by_others = {"criteria": {"carers": "yes"}, "note": " ".join(PAYLOADS)}
    assert client.post(f"/v1/documents/{document}/annotations", json=said_by_others).status_code == 201
    page = review(window, document)
    page.locator(".earlier summary").click()
    page.keyboard.press("m")
    page.keyboard.type(payload)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("#state")).to_have_text("Saved")
    page.reload()
    page.wait_for_selector('main[data-ready="true"]')
    expect(page.locator("#note")).to_have_value(payload)
    assert page.locator("main img").count() == 0
    assert window.open("/documents").locator("main img").count() == 0


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_pages_are_accessible_and_fit_at_each_width(
    window: Window, client: httpx.Client, sample: str, width: int, scheme: str
) -> None:
    text = scored(client, f"read at {width} in {scheme}")
    for path in ("/documents", f"/documents/{sample}", f"/documents/{text}", "/documents/doc_none"):
        page = window.open(path)
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if path.startswith("/documents/doc_") and path != "/documents/doc_none":
            page.wait_for_selector('main[data-ready="true"]')
            page.keyboard.press("j")
            page.keyboard.press("p")
            for _ in range(12):
                page.keyboard.press("n")
            assert page.evaluate("window.scrollY") == 0, "only the panes scroll"
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px too wide"
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [(one["id"], [node["target"] for node in one["nodes"]][:4]) for one in found if one["impact"] in ("serious", "critical")]  # fmt: skip
        assert serious == [], path
        page.close()


def test_the_list_of_shortcuts_opens_and_they_can_be_switched_off(window: Window, client: httpx.Client) -> None:
    page = review(window, scored(client, "with shortcuts"))
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("next evidence")
    page.get_by_label("Shortcuts of a single key are on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("li.current")).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_label("Shortcuts of a single key are on").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.locator("li.current")).to_have_count(1)
