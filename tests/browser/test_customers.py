"""The Customers tab and the link dialog in a real chromium, light and dark, wide and narrow, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from hub.database import session
from hub.host import Company
from hub.models import Installation, Link
from hub.plugin import Record, RecordKind
from hub.services.books import fetching
from tests.support.host import Desk
from tests.support.screen import check_accessibility, shown

EVIL = "<img src=x onerror=alert(1)> & Söhne 🎈 בית הדפוס"


@pytest.fixture
def page(app: Flask, installation: Installation, desk: Desk, chromium: Browser) -> Iterator[Page]:
    desk.others = [
        Company(id=f"n{n:03}", name=f"Customer {n:03}", email=f"c{n}@x.test", phone=f"(503) 555-0{n:03}")
        for n in range(80)
    ] + [Company(id="evil", name=EVIL), Company(id="mail", name="Another Name", email="c300@x.test")]  # fmt: skip
    fetching.store(installation.id, RecordKind.CUSTOMER, [
        Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}", email=f"c{n}@x.test")
        for n in (*range(0, 80, 2), *range(300, 400))
    ] + [Record(kind=RecordKind.CUSTOMER, id="evil", name=EVIL)])  # fmt: skip
    session().commit()
    with shown(app, chromium, f"/hub/installations/{installation.id}/customers") as page:
        yield page


def links() -> dict[str, str]:
    session().rollback()
    return {row.company_id: row.record_id for row in session().scalars(select(Link))}


def test_a_suggestion_is_accepted_and_another_customer_is_chosen(page: Page) -> None:
    row = page.locator("#hub-company-row-n002")
    row.get_by_role("button", name="Accept").click()
    expect(row).to_contain_text("Linked Customer 002")
    expect(row).to_be_focused()
    other = page.locator("#hub-company-row-n001")
    other.get_by_role("link", name="Choose…").click()
    dialog = page.get_by_role("dialog", name="Customer 001 in Pretend Books")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    dialog.get_by_role("searchbox").press_sequentially("c333@")
    expect(dialog.get_by_role("button", name="Link")).to_have_count(1)
    check_accessibility(page)
    dialog.get_by_role("button", name="Link").click()
    expect(dialog).to_have_count(0)
    expect(other).to_contain_text("Linked Customer 333")
    expect(other).to_be_focused()
    assert links() == {"n002": "c2", "n001": "c333"}
    other.get_by_role("link", name="Change…").click()
    dialog.get_by_role("button", name="Unlink").click()
    expect(other).to_contain_text("Not linked")
    assert links() == {"n002": "c2"}


def test_searching_and_filtering_leave_the_focus_where_it_is(page: Page) -> None:
    search = page.get_by_role("searchbox", name="Search your companies")
    search.press_sequentially("customer 07")
    expect(page.locator("#hub-companies").get_by_role("status")).to_have_text("10 companies.")
    expect(search).to_be_focused()
    expect(search).to_have_value("customer 07")
    page.locator("#hub-company-row-n070").get_by_role("button", name="Accept").click()
    page.get_by_label("Unlinked only").check()
    expect(page.locator("#hub-companies").get_by_role("status")).to_have_text("9 companies.")
    search.fill("")
    expect(page.locator("#hub-companies").get_by_role("status")).to_have_text("50 companies; there are more.")
    page.get_by_role("link", name="Next →").click()
    expect(page.locator("#hub-companies").get_by_role("status")).to_have_text("32 companies, further down the list.")


def test_all_exact_matches_are_accepted_with_one_progress(page: Page) -> None:
    page.get_by_role("button", name="Accept all exact matches").click()
    dialog = page.get_by_role("dialog", name="Accept all exact matches")
    expect(dialog.get_by_role("link", name="To the customers")).to_be_visible()
    expect(dialog.get_by_role("status")).to_have_text("41 are linked now; 83 looked at.")
    check_accessibility(page)
    assert links() == {f"n{n:03}": f"c{n}" for n in range(0, 80, 2)} | {"evil": "evil"}
    dialog.get_by_role("link", name="To the customers").click()
    expect(page.locator("#hub-company-row-evil")).to_contain_text(EVIL)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_and_the_dialog_fit_a_phone_in_both_schemes(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.locator("#hub-company-row-n002").get_by_role("button", name="Accept").click()
    expect(page.locator("#hub-company-row-n002")).to_contain_text("Linked")
    check_accessibility(page)
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(page)
    page.locator("#hub-company-row-n002").get_by_role("link", name="Change…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.get_by_role("dialog").evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") <= 0
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.locator("#hub-company-row-n002").get_by_role("link", name="Change…")).to_be_focused()
