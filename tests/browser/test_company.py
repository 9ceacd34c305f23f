"""A company's page in a real browser: its link, and its open balance, in light and dark and on a phone."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from hub.models import Installation
from tests.support.customers import enter as enter_customers
from tests.support.customers import link, linked_records
from tests.support.history import INVOICE, PAYMENT, enter, entry
from tests.support.labels import LINK, UNLINK
from tests.support.screen import PHONE, check_accessibility, check_fits, shown


def test_the_dialog_links_changes_and_unlinks_and_the_tab_behind_it_follows(
    app: Flask, installation: Installation, chromium: Browser
) -> None:
    enter_customers(installation, ("c1", "ABC Company", "ap@abc.test", ""), ("c2", "Vine & Sons", "", "503 555 0102"))
    enter(installation, entry(INVOICE, "A1", "100.00", "100.00", 5))
    with shown(app, chromium, "/hub/companies/12") as page:
        page.locator("#hub-company-12 header a").click()
        dialog = page.locator("#hub-link")
        expect(dialog.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("abc")
        expect(dialog.get_by_role("button", name=LINK)).to_have_count(1)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("status").filter(has_text="ABC Company")).to_be_visible()
        expect(dialog.locator(".hub-linked .hub-good")).to_be_visible()
        check_accessibility(page)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.locator("#hub-company-12 header .hub-quiet")).to_contain_text("ABC Company")
        expect(page.locator(".hub-entries .hub-state .hub-bad")).to_contain_text("5")
        assert linked_records() == {"12": "c1"}
        page.locator("#hub-company-12 header a").click()
        dialog.get_by_role("button", name=UNLINK).click()
        expect(dialog.get_by_role("button", name=UNLINK)).to_have_count(0)
        expect(dialog.locator("[role=status] .hub-note")).to_be_visible()
        dialog.locator("summary").click()
        expect(dialog.locator("details li")).to_have_count(2)
        expect(dialog.locator("details li").last).to_contain_text(re.compile("Ada Admin.*ABC Company"))
        check_accessibility(page)
        assert linked_records() == {}


def test_a_button_does_its_work_within_the_dialog_from_the_moment_it_is_shown(
    app: Flask, installation: Installation, chromium: Browser
) -> None:
    enter_customers(installation, ("c1", "ABC Company", "ap@abc.test", ""), ("c2", "Vine & Sons", "", "503 555 0102"))
    with shown(app, chromium, "/hub/companies/12") as page:
        page.locator("#hub-company-12 header a").click()
        dialog = page.locator("#hub-link")
        expect(dialog.get_by_role("searchbox")).to_be_focused()
        page.evaluate("""() => new MutationObserver((_, observer) => {
            const shown = document.querySelectorAll("#hub-link-found button");
            if (shown.length === 1) { observer.disconnect(); shown[0].click(); }
        }).observe(document.body, { childList: true, subtree: true })""")
        page.keyboard.type("vine")
        expect(dialog.get_by_role("status").filter(has_text="Vine & Sons")).to_be_visible()
        expect(dialog.locator(".hub-linked .hub-good")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_owed_fits_a_phone_in_both_schemes(
    app: Flask, installation: Installation, chromium: Browser, scheme: str
) -> None:
    link(installation, "12", "c1", "ABC Company")
    enter(installation, *(entry(INVOICE, f"A{days}", "1234.50", "1234.50", days) for days in (-5, 5, 45, 75, 200)),
          entry(PAYMENT, "P1", "60.00", "10.00"))  # fmt: skip
    with shown(app, chromium, "/hub/companies/12") as page:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        expect(page.locator("svg.hub-aging rect")).to_have_count(5)
        check_accessibility(page)
        page.set_viewport_size(PHONE)
        check_fits(page)
        check_accessibility(page)
