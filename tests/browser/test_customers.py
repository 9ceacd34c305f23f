"""The Customers tab and the link dialog in a real browser: light and dark, wide and narrow, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from hub.books.refresh import store_records
from hub.database import session
from hub.host import Company
from hub.models import Installation, Link
from hub.plugin import Record, RecordKind
from tests.support.host import Desk
from tests.support.labels import LINK, UNLINK
from tests.support.screen import PHONE, check_accessibility, check_fits, shown

EVIL = "<img src=x onerror=alert(1)> & Söhne 🎈 בית הדפוס"


@pytest.fixture
def page(app: Flask, installation: Installation, desk: Desk, chromium: Browser) -> Iterator[Page]:
    desk.others = [
        Company(id=f"n{n:03}", name=f"Customer {n:03}", email=f"c{n}@x.test", phone=f"(503) 555-0{n:03}")
        for n in range(80)
    ] + [Company(id="evil", name=EVIL), Company(id="mail", name="Another Name", email="c300@x.test")]  # fmt: skip
    store_records(installation.id, RecordKind.CUSTOMER, [
        Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}", email=f"c{n}@x.test")
        for n in (*range(0, 80, 2), *range(300, 400))
    ] + [Record(kind=RecordKind.CUSTOMER, id="evil", name=EVIL)])  # fmt: skip
    session().commit()
    with shown(app, chromium, f"/hub/installations/{installation.id}/customers") as page:
        yield page


def links() -> dict[str, str]:
    session().rollback()
    return {row.company_id: row.record_id for row in session().scalars(select(Link))}


ACCEPT, ACCEPT_ALL = "Accept", "Accept all exact matches"


def test_a_suggestion_is_accepted_and_another_customer_is_chosen(page: Page) -> None:
    row = page.locator("#hub-company-row-n002")
    row.get_by_role("button", name=ACCEPT).click()
    expect(row.locator("p:has(.hub-good)")).to_contain_text("Customer 002")
    expect(row).to_be_focused()
    other = page.locator("#hub-company-row-n001")
    other.get_by_role("link").click()
    dialog = page.locator("#hub-link")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text("Customer 001")
    expect(dialog.get_by_role("searchbox")).to_be_focused()
    dialog.get_by_role("searchbox").press_sequentially("c333@")
    expect(dialog.get_by_role("button", name=LINK)).to_have_count(1)
    check_accessibility(page)
    dialog.get_by_role("button", name=LINK).click()
    expect(dialog).to_have_count(0)
    expect(other.locator("p:has(.hub-good)")).to_contain_text("Customer 333")
    expect(other).to_be_focused()
    assert links() == {"n002": "c2", "n001": "c333"}
    other.get_by_role("link").click()
    dialog.get_by_role("button", name=UNLINK).click()
    expect(other.locator(".hub-good")).to_have_count(0)
    assert links() == {"n002": "c2"}


def test_searching_and_filtering_leave_the_focus_where_it_is(page: Page) -> None:
    search, count = page.locator("#hub-q"), page.locator("#hub-companies").get_by_role("status")
    rows = page.locator("#hub-companies .hub-pairs > li")
    search.press_sequentially("customer 07")
    expect(rows).to_have_count(10)
    expect(count).to_contain_text("10")
    expect(search).to_be_focused()
    expect(search).to_have_value("customer 07")
    page.locator("#hub-company-row-n070").get_by_role("button", name=ACCEPT).click()
    expect(page.locator("#hub-company-row-n070 .hub-good")).to_have_count(1)
    page.locator("#hub-unlinked").check()
    expect(rows).to_have_count(9)
    search.fill("")
    expect(rows).to_have_count(50)
    expect(count).to_contain_text("50")
    page.locator("#hub-companies a[rel=next]").click()
    expect(rows).to_have_count(32)
    expect(page.locator("#hub-companies a[rel=next]")).to_have_count(0)


def test_all_exact_matches_are_accepted_with_one_progress(page: Page) -> None:
    page.get_by_role("button", name=ACCEPT_ALL).click()
    dialog = page.get_by_role("dialog")
    back = dialog.locator("#hub-work").get_by_role("link")
    expect(back).to_be_visible()
    expect(dialog.get_by_role("status")).to_contain_text(re.compile(r"\b41\b.*\b83\b"))
    check_accessibility(page)
    assert links() == {f"n{n:03}": f"c{n}" for n in range(0, 80, 2)} | {"evil": "evil"}
    back.click()
    expect(page.locator("#hub-company-row-evil")).to_contain_text(EVIL)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_and_the_dialog_fit_a_phone_in_both_schemes(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.locator("#hub-company-row-n002").get_by_role("button", name=ACCEPT).click()
    expect(page.locator("#hub-company-row-n002 .hub-good")).to_be_visible()
    check_accessibility(page)
    page.set_viewport_size(PHONE)
    check_fits(page)
    check_accessibility(page)
    page.locator("#hub-company-row-n002").get_by_role("link").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert page.get_by_role("dialog").evaluate("dialog => dialog.scrollWidth - dialog.clientWidth") <= 0
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(page.locator("#hub-company-row-n002").get_by_role("link")).to_be_focused()
