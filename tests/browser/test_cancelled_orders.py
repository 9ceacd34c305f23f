"""A rep sends an order that gives money back, and voids the invoice of one that is cancelled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.support.processes import Person, Stack
from tests.support.screen import Screen, check_accessibility


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A desk that is connected to the books already."""
    running = Stack(tmp_path_factory.mktemp("cancelled"))
    try:
        running.start_all()
        Person(running, "admin@demo.test").install()
        yield running
    finally:
        running.stop_all()


def test_an_order_that_gives_money_back_is_sent_as_a_credit_memo(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders/1077")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("checkbox", name="Credit memo 1077")).to_be_checked()
    expect(dialog).to_contain_text("The customer gets 126.40 back, as a credit.")
    check_accessibility(page)
    dialog.get_by_role("button", name="Send", exact=True).click()
    line = dialog.get_by_role("listitem").filter(has_text="Credit memo 1077")
    expect(line).to_contain_text("In QuickBooks as 1077", timeout=30_000)
    check_accessibility(page)
    assert [(one["DocNumber"], one["TotalAmt"]) for one in stack.books()["CreditMemo"]] == [("1077", Decimal("126.40"))]


def test_the_invoice_of_a_cancelled_order_is_voided(rep: Screen, stack: Stack) -> None:
    page = rep.page
    rep.go("/orders/1071")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text("In QuickBooks as 1071")).to_be_visible(timeout=30_000)
    page.keyboard.press("Escape")
    with page.expect_event("load"):
        page.get_by_role("button", name="Cancel the order").click()
    expect(page.get_by_text("This order is cancelled.")).to_be_visible()
    page.get_by_role("link", name="QB", exact=True).click()
    expect(dialog.get_by_label("Void invoice 1071 in QuickBooks")).to_be_checked()
    expect(dialog.get_by_role("checkbox", name=re.compile("^Invoice 1071"))).to_have_count(0)
    check_accessibility(page)
    dialog.get_by_role("button", name="Void").click()
    expect(dialog.get_by_text("Voided in QuickBooks")).to_be_visible(timeout=30_000)
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("Voided in QuickBooks")).to_be_visible()
    (invoice,) = stack.books()["Invoice"]
    assert (invoice["DocNumber"], invoice["TotalAmt"], invoice["Balance"]) == ("1071", 0, 0)


def test_a_cancelled_order_that_was_never_sent_says_that_nothing_is(rep: Screen) -> None:
    page = rep.page
    page.set_viewport_size({"width": 360, "height": 800})
    rep.go("/orders/1078")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Order 1078 is cancelled. Nothing of a cancelled order is sent.")
    expect(dialog.get_by_role("button", name="Void")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    check_accessibility(page)
