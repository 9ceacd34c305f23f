"""A page in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.chromium import find as find_chromium
from tests.support.processes import Stack
from tests.support.serving import serving


@contextmanager
def shown(app: Flask, browser: Browser, path: str) -> Iterator[Page]:
    """A page of the app, in a browser that has nothing to complain about."""
    complaints: list[str] = []
    with serving(app) as url:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=url)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        yield page
        context.close()
    assert [one for one in complaints if "422" not in one and "htmx:sendAbort" not in one] == []


def check_accessibility(page: Page) -> None:
    """axe finds nothing."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
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
def admin(chromium: Browser, stack: Stack) -> Iterator[Screen]:
    yield from screen(chromium, stack, "admin@demo.test")


@pytest.fixture
def rep(chromium: Browser, stack: Stack) -> Iterator[Screen]:
    yield from screen(chromium, stack, "rep@demo.test")


def screen(browser: Browser, stack: Stack, email: str) -> Iterator[Screen]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(20_000)
    screen = Screen(context, stack).sign_in(email)
    yield screen
    context.close()
    assert screen.complaints == []
