"""A rep sends an order that gives money back, and voids the invoice of a cancelled order."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from tests.support.labels import SEND
from tests.support.processes import Stack
from tests.support.screen import PHONE, SLOW, Screen, check_accessibility, check_fits, expect_posted

CANCEL_ORDER = "Cancel the order"
VOID = "Void"


@pytest.fixture(scope="module")
def stack(connected_stack: Stack) -> Stack:
    return connected_stack


def test_an_order_that_gives_money_back_is_sent_as_a_credit_memo(rep: Screen, stack: Stack) -> None:
    dialog = rep.open_order("1077")
    expect(dialog.locator("input[name=documents][value=credit_memo]")).to_be_checked()
    expect(dialog.locator(".hub-sums")).to_contain_text("126.40")
    check_accessibility(rep.page)
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_posted(dialog, "1077")
    check_accessibility(rep.page)
    assert [(one["DocNumber"], one["TotalAmt"]) for one in stack.books()["CreditMemo"]] == [("1077", Decimal("126.40"))]


def test_the_invoice_of_a_cancelled_order_is_voided(rep: Screen, stack: Stack) -> None:
    page = rep.page
    dialog = rep.open_order("1071")
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_posted(dialog, "1071")
    page.keyboard.press("Escape")
    with page.expect_event("load"):
        page.get_by_role("button", name=CANCEL_ORDER).click()
    rep.open_send()
    expect(dialog.locator("input[name=updates]")).to_have_count(1)
    expect(dialog.locator("input[name=updates]")).to_be_checked()
    expect(dialog.locator("input[name=documents]")).to_have_count(0)
    check_accessibility(page)
    with page.expect_response("**/send") as pressed:
        dialog.get_by_role("button", name=VOID).click()
    assert pressed.value.ok
    voided = dialog.locator(".hub-status:not([hx-trigger*='every']) [data-state='wait']")  # Nothing moves any more.
    expect(voided).to_be_visible(timeout=SLOW)
    check_accessibility(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".hub-status [data-state='wait']")).to_be_visible()
    (invoice,) = stack.books()["Invoice"]
    assert (invoice["DocNumber"], invoice["TotalAmt"], invoice["Balance"]) == ("1071", 0, 0)


def test_a_cancelled_order_that_was_never_sent_offers_nothing_to_send(rep: Screen) -> None:
    rep.page.set_viewport_size(PHONE)
    dialog = rep.open_order("1078")
    expect(dialog.locator("[data-code='order-cancelled']")).to_contain_text("1078")
    expect(dialog.locator("input[type=checkbox]")).to_have_count(0)
    expect(dialog.get_by_role("button", name=VOID)).to_have_count(0)
    check_fits(rep.page)
    check_accessibility(rep.page)
