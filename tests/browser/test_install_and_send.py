"""An admin installs QuickBooks Online, and a rep sends order 1042. The tests are the steps, in this order."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.support.labels import (
    ACCOUNTS,
    ADD_INTEGRATION,
    BILL,
    CHOOSE_AGAIN,
    CONNECT,
    INSTALL,
    INTEGRATIONS,
    PREVIEW,
    PURCHASE_ORDER,
    QB,
    SAVE,
    SEND,
    VENDOR_NUMBER,
)
from tests.support.processes import Stack
from tests.support.screen import PHONE, SLOW, Screen, check_accessibility, check_fits, expect_posted

COMPANY = "Sandbox Company_US_1"


def test_a_denied_consent_shows_the_problem_and_a_way_on(admin: Screen) -> None:
    page = admin.page
    admin.go("/orders")
    page.get_by_role("link", name=INTEGRATIONS).click()
    expect(page.locator("#hub-integrations").get_by_role("heading", level=1)).to_be_visible()
    check_accessibility(page)
    page.get_by_label(ADD_INTEGRATION).select_option("quickbooks_online")
    page.get_by_role("button", name=INSTALL).click()
    expect(page.locator("#hub-authorize")).to_be_visible()
    check_accessibility(page)
    page.locator("#hub-authorize").get_by_role("button").click()
    page.get_by_role("button", name="Cancel").click()  # In QuickBooks.
    expect(page.locator("#hub-authorize").get_by_role("alert")).not_to_be_empty()
    expect(page.locator("#hub-authorize").get_by_role("button")).to_be_visible()
    check_accessibility(page)


def test_an_admin_connects_and_watches_the_lists_load(admin: Screen) -> None:
    page = admin.page
    admin.go("/hub/integrations")
    page.get_by_role("link", name=CONNECT).click()
    page.locator("#hub-authorize").get_by_role("button").click()
    page.get_by_label(COMPANY).check()
    page.get_by_role("button", name="Connect").click()  # In QuickBooks.
    expect(page.locator("#hub-heading .hub-badge.hub-good")).to_be_visible()
    expect(page.locator(".hub-lists[data-state='loaded']")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("heading", name=f"QuickBooks Online · {COMPANY}")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text=COMPANY)).to_be_visible()
    check_accessibility(page)
    page.get_by_role("link", name=ACCOUNTS, exact=True).click()
    expect(page.locator("#hub-income_account")).to_have_value(re.compile(r"\d+"))
    check_accessibility(page)
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator("p.hub-note[role=status]")).to_be_visible()


def test_a_rep_sees_no_settings(rep: Screen) -> None:
    rep.go("/orders")
    expect(rep.page.get_by_role("navigation").first).to_be_visible()
    expect(rep.page.locator("nav a[href='/hub/integrations']")).to_have_count(0)
    assert rep.context.request.get(f"{rep.stack.url}/hub/integrations").status == 403


def test_a_rep_sends_order_1042_and_watches_it_arrive(rep: Screen, stack: Stack) -> None:
    page = rep.page
    dialog = rep.open_order("1042")
    expect(dialog.locator("#hub-send-title")).to_contain_text("1042")
    expect(dialog.locator(".hub-sums")).to_contain_text("118.50")
    check_accessibility(page)
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_posted(dialog, "1042")
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name=QB, exact=True)).to_be_focused()
    expect_posted(page, "1042")
    books = stack.books()
    assert [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in books["Invoice"]] == [
        ("1042", Decimal("218.50"), Decimal("118.50"))
    ]
    assert [(one["TotalAmt"], one["UnappliedAmt"]) for one in books["Payment"]] == [
        (Decimal("100.00"), Decimal("0.00"))
    ]


def test_a_rep_sends_what_was_bought_for_it_afterwards(rep: Screen, stack: Stack) -> None:
    dialog = rep.open_order("1042")
    previews = dialog.locator("section.hub-preview")
    dialog.get_by_role("link", name=CHOOSE_AGAIN).click()
    dialog.get_by_label(PURCHASE_ORDER).check()
    dialog.get_by_text(PREVIEW).click()
    dialog.get_by_label(BILL, exact=True).check()
    expect(previews.filter(has_text=f"{BILL} 1042")).to_contain_text("Evans Glassware")
    number = dialog.get_by_label(VENDOR_NUMBER)
    number.fill("88213")
    number.press("Tab")
    expect(previews.filter(has_text="88213").locator("tfoot tr").last).to_be_visible()
    check_accessibility(rep.page)
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_posted(dialog, "88213")
    books = stack.books()
    (order,), (bill,) = books["PurchaseOrder"], books["Bill"]
    assert (order["DocNumber"], order["POStatus"], bill["TotalAmt"]) == ("1042", "Closed", order["TotalAmt"])
    assert bill["DocNumber"] == "88213"
    assert [line["LinkedTxn"][0]["TxnId"] for line in bill["Line"]] == [order["Id"]]
    assert len(books["Invoice"]) == 1


def test_the_orders_list_shows_it_as_posted(rep: Screen) -> None:
    rep.go("/orders?q=1042")
    expect(rep.page.locator("#hub-order-1042 .hub-good")).to_contain_text("1042")
    check_accessibility(rep.page)


def test_a_name_that_quickbooks_refuses_is_reported_at_the_customer(rep: Screen) -> None:
    rep.go("/orders?q=Smith: Sons")
    with rep.page.expect_event("load"):
        rep.page.locator("tbody a").first.click()
    dialog = rep.open_send()
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect(dialog.locator("#hub-problem-customer")).not_to_be_empty()
    check_accessibility(rep.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone(admin: Screen, scheme: str) -> None:
    page = admin.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size(PHONE)
    for path, place in (
        ("/hub/integrations", "#hub-card-1"),
        ("/hub/installations/1/details", "#hub-details"),
        ("/hub/installations/1/accounts", "#hub-accounts"),
        ("/hub/orders/1042/send", "#hub-send-body"),
    ):
        admin.go(path)
        expect(page.locator(place)).to_be_visible()
        expect(page.locator("[hx-trigger='load']")).to_have_count(0)  # All that the page loads by itself is there.
        check_fits(page)
        check_accessibility(page)
