"""A long list in a real browser: searched as somebody types, by keyboard, and in a form that is sent as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from hub.database import session
from hub.models import Installation
from hub.plugin import Record, RecordKind
from hub.services.books import fetching, linking
from hub.services.carrying import carrying
from tests.support.pretend import Ledger
from tests.support.screen import check_accessibility, shown


@pytest.fixture
def page(app: Flask, installation: Installation, chromium: Browser) -> Iterator[Page]:
    """The send dialog of order 1042 as a page, with 300 customers in the books."""
    fetching.store(installation.id, RecordKind.CUSTOMER, [
        Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}", email=f"c{n}@x.test") for n in range(299)
    ] + [Record(kind=RecordKind.CUSTOMER, id="evil", name="<img src=x onerror=alert(1)> & Söhne 🎈")])  # fmt: skip
    session().commit()
    with shown(app, chromium, "/hub/orders/1042/send") as page:
        yield page


def test_typing_finds_and_the_keyboard_chooses(page: Page, installation: Installation, ledger: Ledger) -> None:
    customer = page.get_by_role("combobox", name="Customer (ABC Company)")
    expect(customer).to_have_value("Create New Customer")
    expect(page.get_by_text("Search them all")).to_have_count(0)
    customer.focus()
    page.keyboard.press("ArrowDown")
    expect(customer).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option", name="Create New Customer")).to_have_attribute("aria-selected", "true")
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(customer).to_have_attribute("aria-expanded", "false")
    customer.fill("customer 1")
    expect(page.locator(".hub-popup-said")).to_have_text("80 more, keep typing.")
    customer.press_sequentially("42")
    expect(page.get_by_role("option", name="Customer 142")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    check_accessibility(page)
    page.keyboard.press("Enter")
    expect(customer).to_have_value("Customer 142")
    expect(customer).to_be_focused()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("listitem").filter(has_text="Invoice 1042").first).to_contain_text("Waits for")
    carrying.carry(installation.id)
    assert [one["customer"] for one in ledger.invoices] == ["c142"]
    link = linking.linked(installation.id, RecordKind.CUSTOMER, "12")
    assert link is not None
    assert link.name == "Customer 142"


def test_what_was_typed_and_not_chosen_changes_nothing(page: Page) -> None:
    customer = page.get_by_role("combobox", name="Customer (ABC Company)")
    customer.fill("zebra")
    expect(page.get_by_role("status").filter(has_text="Nothing found.")).to_be_attached()
    page.keyboard.press("Escape")
    expect(customer).to_have_value("Create New Customer")
    customer.fill("zebra")
    page.get_by_role("heading", name="Send order 1042").click()
    expect(customer).to_have_value("Create New Customer")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_a_click_chooses_and_a_name_that_is_markup_stays_a_name(page: Page) -> None:
    customer = page.get_by_role("combobox", name="Customer (ABC Company)")
    customer.fill("sohne")
    page.get_by_role("option", name="Söhne").click()
    expect(customer).to_have_value("<img src=x onerror=alert(1)> & Söhne 🎈")
    customer.click()
    expect(page.get_by_role("option", name="Söhne")).to_have_attribute("aria-selected", "true")
    page.mouse.click(5, 5)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_when_the_search_cannot_be_reached_it_says_so(page: Page) -> None:
    page.route("**/entries/**", lambda route: route.fulfill(status=422, body="no"))
    page.get_by_role("combobox", name="Customer (ABC Company)").fill("cust")
    expect(page.locator(".hub-popup-said")).to_have_text("That could not be searched just now. Type again.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_open_list_and_the_page_that_searches_fit_a_phone_in_both_schemes(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_role("combobox", name="Customer (ABC Company)").fill("cust")
    expect(page.locator(".hub-popup-said")).to_contain_text("more, keep typing.")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto("/hub/installations/1/entries/customer?q=customer+1&name=customer&back=/hub/orders/1042/send")
    check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="Customer 110").click()
    expect(page.get_by_role("combobox", name="Customer (ABC Company)")).to_have_value("Customer 110")
