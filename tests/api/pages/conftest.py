"""A browser for the tests that need one."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.api.http.test_session import PASSWORD, add
from tests.api.service import RunningService

_FOUND = os.environ.get("PREVENTION_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


_numbers = itertools.count()


# For a module only: while it lasts, an event loop runs in this thread, and tests elsewhere run their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium as the machine has it."""
    if _FOUND is None:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=_FOUND, args=arguments)
        # As patient as the rest: the machine may be at work on other tests.
        expect.set_options(timeout=15_000)
        yield browser
        browser.close()


@dataclass
class Window:
    """Windows of one person, and what went wrong in any of them."""

    context: BrowserContext
    base: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Open another window."""
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self._asked(dialog.message, dialog.dismiss))
        page.on("request", lambda request: self._went(request.url))
        page.goto(self.base + path)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # What the service refuses, and the page shows, is named by the browser too.
        if message.type == "error" and "the server responded with a status of" not in message.text:
            self.faults.append(f"console: {message.text}")

    def _asked(self, message: str, dismiss: object) -> None:
        self.faults.append(f"dialog: {message}")
        assert callable(dismiss)
        dismiss()

    def _went(self, url: str) -> None:
        if not url.startswith((self.base, "blob:", "data:")):
            self.faults.append(f"request elsewhere: {url}")


@pytest.fixture
def window(
    chromium: Browser, service: RunningService, client: httpx.Client, request: pytest.FixtureRequest
) -> Iterator[Window]:
    """The windows of an annotator who has signed in; the test fails where anything went wrong in them."""
    name = f"Reviewer {next(_numbers)} of {request.node.originalname}"[:150]
    add(client, name)
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    context.set_default_timeout(15_000)
    found = Window(context, f"http://127.0.0.1:{service.port}")
    page = found.open("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/documents")
    page.close()
    yield found
    context.close()
    assert found.faults == []
