"""A combobox for a long list, in a real browser: search while typing, choose by keyboard, and send the form."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from hub.books import links
from hub.books.refresh import store_records
from hub.database import session
from hub.dispatch import pump
from hub.models import Installation
from hub.plugin import Record, RecordKind
from tests.support.labels import SEND
from tests.support.pretend import Ledger
from tests.support.screen import PHONE, check_accessibility, check_fits, shown


@pytest.fixture
def page(app: Flask, installation: Installation, chromium: Browser) -> Iterator[Page]:
    """The send dialog of order 1042 as a page, with 300 customers in the ledger."""
    store_records(installation.id, RecordKind.CUSTOMER, [
        Record(kind=RecordKind.CUSTOMER, id=f"c{n}", name=f"Customer {n:03}", email=f"c{n}@x.test") for n in range(299)
    ] + [Record(kind=RecordKind.CUSTOMER, id="evil", name="<img src=x onerror=alert(1)> & Söhne 🎈")])  # fmt: skip
    session().commit()
    with shown(app, chromium, "/hub/orders/1042/send") as page:
        yield page


def customer_box(page: Page) -> Locator:
    return page.locator("#hub-customer")


def expect_new(customer: Locator) -> None:
    """Expect the first option, which enters a new customer."""
    expect(customer).to_have_value(customer.page.locator("#hub-customer-value option").first.inner_text())


def test_typing_finds_and_the_keyboard_chooses(page: Page, installation: Installation, ledger: Ledger) -> None:
    customer = customer_box(page)
    expect_new(customer)
    expect(page.locator("a[data-hub-plain]")).to_have_count(0)
    customer.focus()
    page.keyboard.press("ArrowDown")
    expect(customer).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(customer).to_have_attribute("aria-expanded", "false")
    customer.fill("customer 1")
    expect(page.locator(".hub-popup-said")).to_contain_text("80")
    customer.press_sequentially("42")
    expect(page.get_by_role("option", name="Customer 142")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_count(2)
    check_accessibility(page)
    page.keyboard.press("Enter")
    expect(customer).to_have_value("Customer 142")
    expect(customer).to_be_focused()
    page.get_by_role("button", name=SEND, exact=True).click()
    expect(page.locator(".hub-status [data-state='wait']").filter(has_text="1042").first).to_be_visible()
    pump.deliver(installation.id)
    assert [one["customer"] for one in ledger.invoices] == ["c142"]
    link = links.find_link(installation.id, RecordKind.CUSTOMER, "12")
    assert link is not None
    assert link.name == "Customer 142"


def test_what_was_typed_and_not_chosen_changes_nothing(page: Page) -> None:
    customer = customer_box(page)
    customer.fill("zebra")
    expect(page.locator(".hub-combobox:has(#hub-customer) [role=status]")).not_to_be_empty()
    expect(page.locator("#hub-customer-list [role=option]")).to_have_count(1)  # A new customer can always be chosen.
    page.keyboard.press("Escape")
    expect_new(customer)
    customer.fill("zebra")
    page.get_by_role("heading", level=1).click()
    expect_new(customer)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_a_click_chooses_and_a_name_that_is_markup_stays_a_name(page: Page) -> None:
    customer = customer_box(page)
    customer.fill("sohne")
    page.get_by_role("option", name="Söhne").click()
    expect(customer).to_have_value("<img src=x onerror=alert(1)> & Söhne 🎈")
    customer.click()
    expect(page.get_by_role("option", name="Söhne")).to_have_attribute("aria-selected", "true")
    page.mouse.click(5, 5)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_a_search_that_fails_shows_a_sentence(page: Page) -> None:
    page.route("**/entries/**", lambda route: route.fulfill(status=422, body="no"))
    customer_box(page).fill("cust")
    failed = page.locator("#hub-customer-value").get_attribute("data-hub-failed")
    assert failed
    expect(page.locator(".hub-combobox:has(#hub-customer) .hub-popup-said")).to_have_text(failed)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_open_list_and_the_page_that_searches_fit_a_phone_in_both_schemes(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size(PHONE)
    customer_box(page).fill("cust")
    expect(page.locator(".hub-combobox:has(#hub-customer) .hub-popup-said")).not_to_be_empty()
    check_accessibility(page)
    check_fits(page)
    page.goto("/hub/installations/1/entries/customer?q=customer+1&name=customer&back=/hub/orders/1042/send")
    check_accessibility(page)
    check_fits(page)
    page.get_by_role("link", name="Customer 110").click()
    expect(customer_box(page)).to_have_value("Customer 110")
