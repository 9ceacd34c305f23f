"""An admin connects Xero in the demo; a rep sends order 1042. Clicked through in Chromium, in this order."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
import requests
from playwright.sync_api import expect

from tests.support.processes import Stack
from tests.support.screen import (
    Screen,
)
from xero_sandbox import TENANT
from xero_sandbox.storage import loads


@pytest.fixture(scope="module")
def xero_url(stack: Stack) -> str:
    return stack.start_xero()


def test_an_admin_connects_xero_and_chooses_the_organisation(admin: Screen, xero_url: str) -> None:
    page = admin.page
    admin.go("/hub/integrations")
    page.get_by_label("Add an integration").select_option("Xero")
    page.get_by_role("button", name="Install").click()
    page.get_by_role("button", name="Sign in at Xero").click()
    page.get_by_label("Demo Company (UK)").check()
    page.get_by_role("button", name="Allow access").click()
    expect(page.get_by_role("group", name="Which organisation?")).to_be_visible()
    page.get_by_label("Demo Company (US)").check()
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    expect(page.get_by_text("The lists of Demo Company (US) are loaded.")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_label(re.compile("^Sales(?!-)")).select_option(label="200 Sales")
    page.get_by_label(re.compile("^Payments go to")).select_option(label="090 Checking Account")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_rep_sends_order_1042_into_xero(rep: Screen, stack: Stack, xero_url: str) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Balance due 118.50")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text(re.compile("In .* as 1042"))).to_be_visible(timeout=30_000)
    books = loads(requests.get(f"{xero_url}/_sandbox/books/{TENANT}", timeout=10).text)
    (invoice,) = books["Invoices"]
    assert (invoice["InvoiceNumber"], invoice["Total"], invoice["AmountPaid"], invoice["AmountDue"]) == (
        "1042", Decimal("218.50"), Decimal("100.00"), Decimal("118.50"),
    )  # fmt: skip
    line = invoice["LineItems"][0]  # The message on the invoice is the other one.
    assert (line["LineAmount"] + line["DiscountAmount"], line["DiscountAmount"]) == (230, Decimal("11.50"))
    with page.expect_popup() as opened:
        dialog.get_by_role("link", name=re.compile("1042")).first.click()
    expect(opened.value.get_by_text("Amount due 118.50")).to_be_visible()
