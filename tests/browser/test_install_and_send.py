"""An admin installs QuickBooks Online; a rep sends order 1042. Clicked through from end to end, in this order."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.support.processes import Stack
from tests.support.screen import Screen, check_accessibility


def test_a_denied_consent_gives_a_sentence_and_a_way_on(admin: Screen) -> None:
    page = admin.page
    page.get_by_role("link", name="Integrations").click()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    check_accessibility(page)
    page.get_by_label("Add an integration").select_option("QuickBooks Online")
    page.get_by_role("button", name="Install").click()
    check_accessibility(page)
    page.get_by_role("button", name="Sign in at QuickBooks Online").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    check_accessibility(page)


def test_an_admin_connects_and_watches_the_lists_load(admin: Screen) -> None:
    page = admin.page
    admin.go("/hub/integrations")
    page.get_by_role("link", name="Connect").click()
    page.get_by_role("button", name="Sign in at QuickBooks Online").click()
    page.get_by_label("Sandbox Company_US_1").check()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_role("heading", name=re.compile("QuickBooks Online"))).to_be_visible()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    expect(page.get_by_text("The lists of Sandbox Company_US_1 are loaded.")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("heading", name="QuickBooks Online · Sandbox Company_US_1")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="Sandbox Company_US_1")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("link", name="Accounts", exact=True).click()
    expect(page.get_by_label(re.compile("^Income"))).to_have_value(re.compile(r"\d+"))
    check_accessibility(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_rep_sees_no_settings(rep: Screen) -> None:
    expect(rep.page.get_by_role("link", name="Integrations")).to_have_count(0)
    answer = rep.context.request.get(f"{rep.stack.url}/hub/integrations")
    assert answer.status == 403


def test_a_rep_sends_order_1042_and_watches_it_arrive(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Send order 1042")
    expect(dialog).to_contain_text("Balance due 118.50")
    check_accessibility(page)
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text("In QuickBooks as 1042")).to_be_visible(timeout=30_000)
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("link", name="QB", exact=True)).to_be_focused()
    expect(page.get_by_text("In QuickBooks as 1042")).to_be_visible()
    books = stack.books()
    assert [(one["DocNumber"], one["TotalAmt"], one["Balance"]) for one in books["Invoice"]] == [
        ("1042", Decimal("218.50"), Decimal("118.50"))
    ]
    assert [(one["TotalAmt"], one["UnappliedAmt"]) for one in books["Payment"]] == [
        (Decimal("100.00"), Decimal("0.00"))
    ]


def test_a_rep_sends_what_was_bought_for_it_afterwards(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Send something else…").click()
    dialog.get_by_label("Purchase order").check()
    dialog.get_by_text("Preview the lines").click()
    dialog.get_by_label("Bill", exact=True).check()
    expect(dialog.get_by_role("region", name="Bill 1042", exact=True)).to_contain_text("Evans Glassware")
    dialog.get_by_label("Supplier’s invoice no.").fill("88213")
    dialog.get_by_label("Supplier’s invoice no.").press("Tab")
    expect(dialog.get_by_role("region", name="Bill 88213", exact=True)).to_contain_text("Total")
    check_accessibility(page)
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_role("listitem").filter(has_text="Bill 88213")).to_contain_text(
        "In QuickBooks as 88213", timeout=30_000
    )
    books = stack.books()
    (order,), (bill,) = books["PurchaseOrder"], books["Bill"]
    assert (order["DocNumber"], order["POStatus"], bill["TotalAmt"]) == ("1042", "Closed", order["TotalAmt"])
    assert [line["LinkedTxn"][0]["TxnId"] for line in bill["Line"]] == [order["Id"]]
    assert len(books["Invoice"]) == 1


def test_the_orders_list_says_so_too(rep: Screen) -> None:
    rep.go("/orders?q=1042")
    expect(rep.page.get_by_text("In QuickBooks as 1042")).to_be_visible()
    check_accessibility(rep.page)


def test_a_name_that_the_books_refuse_stands_beside_the_customer(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders?q=Smith: Sons")
    with page.expect_event("load"):
        page.locator("tbody a").first.click()
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.locator("#hub-problem-customer")).to_contain_text("colon")
    check_accessibility(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_a_phone(admin: Screen, scheme: str) -> None:
    page = admin.page
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": 360, "height": 800})
    for path in (
        "/hub/integrations",
        "/hub/installations/1/details",
        "/hub/installations/1/accounts",
        "/hub/orders/1042/send",
    ):
        admin.go(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        check_accessibility(page)
