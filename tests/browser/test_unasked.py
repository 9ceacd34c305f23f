"""Requests that a page makes by itself, in a real browser: a failure opens no dialog, and the next one recovers."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Browser, expect

from hub.host import Permission
from hub.models import Installation
from tests.support.deliveries import send
from tests.support.host import Desk
from tests.support.screen import check_accessibility, shown


def test_a_status_that_fails_shows_the_problem_in_its_place_and_recovers(
    app: Flask, installation: Installation, desk: Desk, chromium: Browser
) -> None:
    send(installation)
    with shown(app, chromium, "/hub/orders/1042/status") as page:
        status = page.locator("section.hub-status")
        lines, problem = status.locator("li[data-state='wait']"), status.locator(".hub-problem")
        expect(lines).not_to_have_count(0)
        desk.permissions = set()
        expect(problem).not_to_be_empty()
        expect(lines).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
        check_accessibility(page)
        desk.permissions = set(Permission)
        expect(lines).not_to_have_count(0)
        expect(problem).to_have_count(0)
