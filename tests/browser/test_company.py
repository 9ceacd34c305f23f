"""A company's page in a real browser: linked by its toolbar's dialog, and what it owes, light and dark, on a phone."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from hub.models import Installation
from tests.support.customers import enter as enter_customers
from tests.support.customers import link, links
from tests.support.history import INVOICE, PAYMENT, enter, entry
from tests.support.screen import check_accessibility, shown


def test_the_dialog_links_changes_and_unlinks_and_the_tab_behind_it_follows(
    app: Flask, installation: Installation, chromium: Browser
) -> None:
    enter_customers(installation, ("c1", "ABC Company", "ap@abc.test", ""), ("c2", "Vine & Sons", "", "503 555 0102"))
    enter(installation, entry(INVOICE, "A1", "100.00", "100.00", 5))
    with shown(app, chromium, "/hub/companies/12") as page:
        page.get_by_role("link", name="Link to a customer…").click()
        dialog = page.get_by_role("dialog", name="ABC Company in Pretend Books")
        expect(dialog.get_by_role("searchbox")).to_be_focused()
        page.keyboard.type("abc")
        expect(dialog.get_by_role("button", name="Link")).to_have_count(1)
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(dialog.get_by_role("status").filter(has_text="Linked to “ABC Company”.")).to_be_visible()
        check_accessibility(page)
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        expect(page.get_by_text("Linked to ABC Company", exact=True)).to_be_visible()
        expect(page.get_by_text("5 days overdue")).to_be_visible()
        assert links() == {"12": "c1"}
        page.get_by_role("link", name="Change the link…").click()
        dialog.get_by_role("button", name="Unlink").click()
        expect(dialog.get_by_role("status").filter(has_text="Not linked any more.")).to_be_visible()
        dialog.get_by_text("Who linked it").click()
        expect(dialog).to_contain_text("Ada Admin: linked to ABC Company")
        check_accessibility(page)
        assert links() == {}


def test_a_button_does_its_work_within_the_dialog_from_the_moment_it_is_shown(
    app: Flask, installation: Installation, chromium: Browser
) -> None:
    enter_customers(installation, ("c1", "ABC Company", "ap@abc.test", ""), ("c2", "Vine & Sons", "", "503 555 0102"))
    with shown(app, chromium, "/hub/companies/12") as page:
        page.get_by_role("link", name="Link to a customer…").click()
        dialog = page.get_by_role("dialog", name="ABC Company in Pretend Books")
        expect(dialog.get_by_role("searchbox")).to_be_focused()
        page.evaluate("""() => new MutationObserver((_, observer) => {
            const shown = document.querySelectorAll("#hub-link-found button");
            if (shown.length === 1) { observer.disconnect(); shown[0].click(); }
        }).observe(document.body, { childList: true, subtree: true })""")
        page.keyboard.type("vine")
        expect(dialog.get_by_role("status").filter(has_text="Linked to “Vine & Sons”.")).to_be_visible()


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
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        check_accessibility(page)
