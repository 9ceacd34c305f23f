"""What a page asks for by itself, in a real browser: nothing pops up when it fails, and it comes back by itself."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Browser, expect

from hub.host import Permission
from hub.models import Installation
from tests.support.deliveries import send
from tests.support.host import Desk
from tests.support.screen import check_accessibility, shown


def test_a_status_that_fails_says_so_in_its_place_and_goes_on_when_it_can(
    app: Flask, installation: Installation, desk: Desk, chromium: Browser
) -> None:
    send(installation)
    with shown(app, chromium, "/hub/orders/1042/status") as page:
        status = page.get_by_role("region", name="In the books")
        expect(status).to_contain_text("Invoice 1042")
        desk.permissions = set()
        expect(status).to_contain_text("You are not allowed to do this.")
        expect(status).not_to_contain_text("Invoice 1042")
        expect(page.get_by_role("dialog")).to_have_count(0)
        check_accessibility(page)
        desk.permissions = set(Permission)
        expect(status).to_contain_text("Invoice 1042")
        expect(status).not_to_contain_text("You are not allowed")
