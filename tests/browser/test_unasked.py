"""What a page asks for by itself, in a real browser: nothing pops up when it fails, and it comes back by itself."""

from __future__ import annotations

from flask import Flask
from playwright.sync_api import Browser, expect

from hub.host import Permission
from hub.models import Installation
from tests.browser.mounted import shown
from tests.browser.test_install_and_send import check_accessibility
from tests.hub.conftest import Desk, app, database_url, desk, installation, ledger  # noqa: F401 – Fixtures.
from tests.hub.test_carrying import send


def test_a_status_that_fails_says_so_in_its_place_and_goes_on_when_it_can(
    app: Flask, installation: Installation, desk: Desk, browser: Browser  # noqa: F811 – Fixtures.
) -> None:
    send(installation)
    with shown(app, browser, "/hub/orders/1042/status") as page:
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
