"""The hub in a host of a few lines, served by this process, for pages that need no books at the other end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from playwright.sync_api import Browser, Page

from tests.journeys.desktop import serving


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
