"""A real browser before the real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.processes.stack import Stack


@pytest.fixture(scope="module")  # Playwright runs once at a time in a process, and other suites have this fixture too.
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip("There is no Chromium here, and none could be installed.")
    with sync_playwright() as playwright:
        expect.set_options(timeout=20_000)  # Beside other tests a page may take its time.
        launched = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("desk")
    running = Stack(folder)
    try:
        running.start_all()
        yield running
    finally:
        running.stop_all()


class Screen:
    """A person's page, with everything that the browser complained about."""

    def __init__(self, context: BrowserContext, stack: Stack) -> None:
        self.context, self.stack = context, stack
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind == "error" and "422" not in text and "409" not in text:  # Chromium logs every such answer.
            self.complaints.append(text)

    def sign_in(self, email: str) -> Screen:
        self.page.goto(f"{self.stack.url}/login")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill("demo")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/orders*")
        return self

    def go(self, path: str) -> None:
        self.page.goto(self.stack.url + path)


@pytest.fixture
def admin(browser: Browser, stack: Stack) -> Iterator[Screen]:
    yield from screen(browser, stack, "admin@demo.test")


@pytest.fixture
def rep(browser: Browser, stack: Stack) -> Iterator[Screen]:
    yield from screen(browser, stack, "rep@demo.test")


def screen(browser: Browser, stack: Stack, email: str) -> Iterator[Screen]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    screen = Screen(context, stack).sign_in(email)
    yield screen
    context.close()
    assert screen.complaints == []
