"""An admin connects QuickBooks Desktop; a rep sends order 1042; the Web Connector enters it in the company file."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

import sandbox.desktop.__main__
from sandbox.desktop.company import CompanyFile
from tests.support.desktop import ORDER_1042, whole_file
from tests.support.labels import (
    ACCOUNTS,
    ADD_INTEGRATION,
    BILL,
    CHOOSE_AGAIN,
    INSTALL,
    INTEGRATIONS,
    PURCHASE_ORDER,
    REFRESH,
    SAVE,
    SEND,
    VENDOR_NUMBER,
)
from tests.support.screen import Screen, check_accessibility, expect_posted


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


def web_connector(office: Path, *more: str) -> str:
    """Run the Web Connector once, as the command does that the hub prints. Return its last line."""
    output, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        sandbox.desktop.__main__.main([
            "--once", "--company", str(office / "company"), "--qwc", str(office / "bookpost.qwc"),
            "--password", (office / "password").read_text(), *more,
        ])  # fmt: skip
    return output.getvalue().strip().splitlines()[-1] if output.getvalue().strip() else errors.getvalue()


def expect_queued(dialog: Locator) -> None:
    """Wait until the dialog follows a document that has not left yet."""
    expect(dialog.locator(".hub-status [data-state='wait']").first).to_be_visible()


def test_an_admin_connects_and_the_panel_ticks_itself_off(admin: Screen, office: Path) -> None:
    page = admin.page
    admin.go("/orders")
    page.get_by_role("link", name=INTEGRATIONS).click()
    page.get_by_label(ADD_INTEGRATION).select_option("quickbooks_desktop")
    page.get_by_role("button", name=INSTALL).click()
    steps = page.locator("#hub-endpoint-steps")
    expect(steps).to_have_attribute("data-state", "waiting")
    expect(steps.locator("li[data-state='done']")).to_have_count(0)
    check_accessibility(page)
    with page.expect_download() as download:
        page.locator("#hub-endpoint a[download]").click()
    download.value.save_as(office / "bookpost.qwc")
    page.locator("#hub-endpoint form[action*='password'] button").click()
    password = page.locator("#hub-password").inner_text()
    assert re.fullmatch(r"[A-Za-z2-9]{12}", password)
    (office / "password").write_text("Wr0ngOne")
    assert "QBWC1040" in web_connector(office)
    expect(steps.locator("li[data-state='done']")).to_have_count(1)
    (office / "password").write_text(password)
    assert web_connector(office).endswith("OK")
    expect(steps).to_have_attribute("data-state", "connected")
    expect(steps).to_contain_text("Northwind Promotions")
    expect(steps.get_by_role("status")).to_contain_text("15")
    check_accessibility(page)
    page.reload()  # The same form once more: the password is there already.
    again = page.locator("#hub-new-password")
    expect(again).to_be_visible()
    check_accessibility(page)
    again.get_by_role("link").click()
    expect(page.locator("#hub-endpoint")).to_be_visible()
    expect(page.locator("#hub-password")).to_have_count(0)


def test_an_admin_chooses_the_accounts(admin: Screen) -> None:
    page = admin.page
    admin.go("/hub/integrations")
    card = page.locator("#hub-card-1[data-state='connected']")
    expect(card).to_contain_text("Northwind Promotions")
    expect(card).to_contain_text("2.3.0.215")
    check_accessibility(page)
    card.locator("a[href$='/details']").click()
    page.get_by_role("link", name=ACCOUNTS, exact=True).click()
    page.locator("#hub-income_account").select_option(label="4000 Sales")
    suggested = page.locator("#hub-discount_account option:checked")
    expect(suggested).to_have_text("4900 Discounts Given")
    page.get_by_role("button", name=SAVE).click()
    expect(page.locator("p.hub-note[role=status]")).to_be_visible()


def test_a_rep_sends_order_1042_into_the_company_file(rep: Screen, office: Path) -> None:
    dialog = rep.open_order("1042")
    expect(dialog.locator(".hub-sums")).to_contain_text("118.50")
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_queued(dialog)
    check_accessibility(rep.page)
    assert web_connector(office).endswith("OK")
    expect_posted(dialog, "1042")
    company = CompanyFile(office / "company")
    assert whole_file(company) == ORDER_1042
    company.close()


def test_the_company_shows_what_it_owes(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="ABC Company").click()
    tab = page.locator("section.hub-company")
    balance = tab.locator(".hub-figures dd").first
    expect(tab.locator("header .hub-quiet")).to_contain_text("ABC Company")
    expect(balance).to_have_text("118.50")
    row = tab.get_by_role("row").filter(has_text="1042")
    expect(row).to_contain_text(re.compile(r"218\.50\s+118\.50"))
    expect(row.locator(".hub-badge")).to_be_visible()
    check_accessibility(page)
    with page.expect_response(lambda answer: answer.request.method == "POST") as refreshed:
        tab.get_by_role("button", name=REFRESH).click()
    assert refreshed.value.ok
    expect(balance).to_have_text("118.50")


def test_a_rep_sends_what_was_bought_for_it_afterwards(rep: Screen, office: Path) -> None:
    dialog = rep.open_order("1042")
    dialog.get_by_role("link", name=CHOOSE_AGAIN).click()
    dialog.get_by_label(PURCHASE_ORDER).check()
    dialog.get_by_label(BILL, exact=True).check()
    dialog.get_by_label(VENDOR_NUMBER).fill("88213")
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_queued(dialog)
    assert web_connector(office).endswith("OK")
    expect_posted(dialog, "88213")
    company = CompanyFile(office / "company")
    found = whole_file(company)
    company.close()
    assert [one[:1] + one[2:] for one in found["purchase orders"]] == [("1042", "true")]
    assert [one[0] for one in found["bills"]] == ["88213"]


def test_an_order_that_changed_is_updated_and_shows_before_what_will_change(rep: Screen, office: Path) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.locator("summary", has=page.locator("xpath=../form//input[@name='quantity']")).click()
    page.get_by_role("spinbutton").first.fill("110")
    with page.expect_event("load"):
        page.get_by_role("spinbutton").first.press("Enter")
    dialog = rep.open_send()
    revisions = dialog.locator(".hub-revisions")
    expect(dialog.locator("#hub-customer option:checked, #hub-customer-value option:checked").first).to_contain_text(
        "ABC Company –"
    )
    total = revisions.locator("li").filter(has_text="218.50")
    expect(total.locator("del")).to_have_text("218.50")
    expect(total.locator("ins")).to_have_text("241.50")
    check_accessibility(page)
    updates = revisions.locator("input[name=updates]")
    expect(updates).to_have_count(3)
    for update in updates.all():
        update.check()
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_queued(dialog)
    assert web_connector(office).endswith("OK")
    expect_posted(dialog, "1042", "88213")
    expect(dialog.locator(".hub-status li[data-state='good']")).to_have_count(4)
    company = CompanyFile(office / "company")
    (invoice,) = whole_file(company)["invoices"]
    assert [str(figure) for figure in invoice[3:]] == ["241.50", "141.50"]
    (order,), (bill,) = company.rows("PurchaseOrder"), company.rows("Bill")
    company.close()
    (ordered,), (billed,) = order.fields["PurchaseOrderLineRet"], bill.fields["ItemLineRet"]
    assert (ordered["Quantity"], ordered["ReceivedQuantity"], billed["Quantity"]) == (110, 110, 110)
    assert (order.fields["TotalAmount"], order.fields["IsFullyReceived"]) == (bill.fields["AmountDue"], "true")


def test_another_company_file_is_refused(admin: Screen, rep: Screen, office: Path) -> None:
    dialog = rep.open_order("1043")
    dialog.get_by_role("button", name=SEND, exact=True).click()
    expect_queued(dialog)
    other = ["--company", str(office / "other"), "--name", "Southwind", "--wrong-file"]
    said = web_connector(office, *other)
    assert "Southwind" in said
    assert "Northwind Promotions" in said
    admin.go("/hub/integrations")
    expect(admin.page.locator("#hub-card-1 .hub-problem")).to_contain_text("Southwind")
    assert web_connector(office).endswith("OK")
    elsewhere = CompanyFile(office / "other")
    assert whole_file(elsewhere)["invoices"] == []
    elsewhere.close()
