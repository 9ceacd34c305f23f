"""An admin connects Xero in the demo, and a rep sends order 1042. The tests are the steps, in this order."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests
from playwright.sync_api import expect

from tests.support.labels import ACCOUNTS, ADD_INTEGRATION, INSTALL, SAVE, SEND
from tests.support.processes import Stack
from tests.support.screen import SLOW, Screen, expect_posted
from xero_sandbox import TENANT
from xero_sandbox.storage import loads


@pytest.fixture(scope="module")
def xero_url(stack: Stack) -> str:
    stack.start_xero()
    return stack.xero_url


def test_an_admin_connects_xero_and_chooses_the_organisation(admin: Screen, xero_url: str) -> None:
    page = admin.page
    admin.go("/hub/integrations")
    page.get_by_label(ADD_INTEGRATION).select_option("xero")
    page.get_by_role("button", name=INSTALL).click()
    page.locator("#hub-authorize").get_by_role("button").click()
    page.get_by_label("Demo Company (UK)").check()
    page.get_by_role("button", name="Allow access").click()  # In Xero.
    question = page.locator("#hub-question")
    expect(question.get_by_label("Demo Company (UK)")).to_be_visible()
    question.get_by_label("Demo Company (US)").check()
    question.get_by_role("button").click()
    expect(page.locator("#hub-heading .hub-badge.hub-good")).to_be_visible()
    expect(page.locator(".hub-lists[data-state='loaded']")).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name=ACCOUNTS, exact=True).click()
    page.locator("#hub-income_account").select_option(label="200 Sales")
    page.locator("#hub-deposit_account").select_option(label="090 Checking Account")
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator("p.hub-note[role=status]")).to_be_visible()


def test_a_rep_sends_order_1042_into_xero(rep: Screen, xero_url: str) -> None:
    dialog = rep.open_order("1042")
    expect(dialog.locator(".hub-sums")).to_contain_text("118.50")
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_posted(dialog, "1042")
    books = loads(requests.get(f"{xero_url}/_sandbox/books/{TENANT}", timeout=10).text)
    (invoice,) = books["Invoices"]
    assert (invoice["InvoiceNumber"], invoice["Total"], invoice["AmountPaid"], invoice["AmountDue"]) == (
        "1042", Decimal("218.50"), Decimal("100.00"), Decimal("118.50"),
    )  # fmt: skip
    line = invoice["LineItems"][0]  # The message on the invoice is the other one.
    assert (line["LineAmount"] + line["DiscountAmount"], line["DiscountAmount"]) == (230, Decimal("11.50"))
    with rep.page.expect_popup() as opened:
        dialog.get_by_role("link", name="1042").first.click()
    expect(opened.value.get_by_text("118.50").first).to_be_visible()
