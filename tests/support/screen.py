"""Pages in a real browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    StorageState,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.support.chromium import find as find_chromium
from tests.support.labels import EMAIL, PASSWORD, QB, SIGN_IN
from tests.support.people import ADMIN, REP
from tests.support.processes import Stack
from tests.support.serving import serving

SECONDS = 1000
SLOW = 60 * SECONDS
"""How long a document may take on its way into the books, beside other tests."""

PHONE: ViewportSize = {"width": 360, "height": 800}


@contextmanager
def shown(app: Flask, browser: Browser, path: str) -> Iterator[Page]:
    """Serve an app and show one of its pages. Fail if the browser reports an error."""
    complaints: list[str] = []
    with serving(app) as url:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=url)
        context.set_default_timeout(20 * SECONDS)
        page = context.new_page()
        page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        yield page
        context.close()
    assert [one for one in complaints if "422" not in one and "htmx:sendAbort" not in one] == []


def check_accessibility(page: Page) -> None:
    """Fail if axe finds a violation on the page."""
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("async () => (await axe.run({resultTypes: ['violations'], preload: false})).violations")
    assert [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found] == []


def check_fits(page: Page) -> None:
    """Fail if the page is wider than a phone and must be scrolled sideways."""
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for each pytest process: Playwright's sync API runs once in a process at a time."""
    path = find_chromium()
    if path is None:
        pytest.skip("There is no Chromium here, and none could be installed.")
    with sync_playwright() as playwright:
        expect.set_options(timeout=20 * SECONDS)  # Beside other tests a page may take its time.
        launched = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def stack(prepared_stack: Stack) -> Stack:
    """Return the stack of a module; one that needs another state overrides this fixture."""
    return prepared_stack


class Screen:
    """A person's page, with the errors that the browser reported on it."""

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

    def forget_failed_requests(self) -> None:
        """Forget that requests failed, where a test lets them fail. Errors of scripts and of the policy stay."""
        failed = ("Failed to load resource", "htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")
        self.complaints = [one for one in self.complaints if not one.startswith(failed)]

    def sign_in(self, email: str, path: str = "/login") -> None:
        """Sign in with the form, as the page that asked for it leads back to where the person was."""
        if path:
            self.go(path)
        self.page.get_by_label(EMAIL).fill(email)
        self.page.get_by_label(PASSWORD).fill("demo")
        self.page.get_by_role("button", name=SIGN_IN).click()

    def go(self, path: str) -> None:
        self.page.goto(self.stack.url + path)

    def open_order(self, order_id: str) -> Locator:
        """Show an order and open its send dialog. Return the dialog."""
        self.go(f"/orders/{order_id}")
        return self.open_send()

    def open_send(self) -> Locator:
        """Open the send dialog of the order on the page. Return the dialog."""
        self.page.get_by_role("link", name=QB, exact=True).click()
        return self.page.get_by_role("dialog")


OpenScreen = Callable[[str], Screen]


@pytest.fixture(scope="session")
def signed_in() -> dict[tuple[str, str], StorageState]:
    """Return the cookies of everybody who has signed in, by stack and email."""
    return {}


@pytest.fixture
def open_screen(
    chromium: Browser, stack: Stack, signed_in: dict[tuple[str, str], StorageState]
) -> Iterator[OpenScreen]:
    """Return what opens a page for a signed-in person. Fail if the browser reports an error on one."""
    screens: list[Screen] = []

    def open_one(email: str) -> Screen:
        known = signed_in.get((stack.url, email))
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, storage_state=known)
        context.set_default_timeout(20 * SECONDS)
        screens.append(Screen(context, stack))
        if known is None:
            screens[-1].sign_in(email)
            screens[-1].page.wait_for_url("**/orders*")
            signed_in[stack.url, email] = context.storage_state()
        return screens[-1]

    yield open_one
    for screen in screens:
        screen.context.close()
    assert [screen.complaints for screen in screens] == [[]] * len(screens)


@pytest.fixture
def admin(open_screen: OpenScreen) -> Screen:
    return open_screen(ADMIN)


@pytest.fixture
def rep(open_screen: OpenScreen) -> Screen:
    return open_screen(REP)


def order_state(place: Page | Locator, state: str, order_id: str = "") -> Locator:
    """Locate an order's status, in a state: wait, bad, or good once all that was sent of it is in the books."""
    order = f"[id^='hub-order-status-'][id$='-{order_id}']" if order_id else ".hub-status"
    return place.locator(f"section{order}[data-state='{state}']")


def expect_posted(place: Page | Locator, *numbers: str) -> None:
    """Wait until all that was sent of an order is in the books, with documents of these numbers."""
    status = order_state(place, "good")
    expect(status).to_be_visible(timeout=SLOW)
    for number in numbers:
        expect(status.locator("[data-state='good']").filter(has_text=number).first).to_be_visible()
