"""An admin connects QuickBooks Desktop; a rep sends order 1042; the Web Connector takes it into the company file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from sandbox.desktop.company import CompanyFile
from tests.support.desktop import ORDER_1042, whole_file
from tests.support.processes import Stack
from tests.support.screen import Screen, check_accessibility, screen


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("desktop"))
    try:
        running.start_all()
        yield running
    finally:
        running.stop_all()


@pytest.fixture
def admin(chromium: Browser, desk: Stack) -> Iterator[Screen]:
    yield from screen(chromium, desk, "admin@demo.test")


@pytest.fixture
def rep(chromium: Browser, desk: Stack) -> Iterator[Screen]:
    yield from screen(chromium, desk, "rep@demo.test")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("office")


def web_connector(office: Path, *more: str) -> str:
    """The printed command, once."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox.desktop", "--once", "--company", str(office / "company"),
         "--qwc", str(office / "bookpost.qwc"), "--password", (office / "password").read_text(), *more],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1] if done.stdout.strip() else done.stderr


def test_an_admin_connects_and_the_panel_ticks_itself_off(admin: Screen, office: Path) -> None:
    page = admin.page
    page.get_by_role("link", name="Integrations").click()
    page.get_by_label("Add an integration").select_option("QuickBooks Desktop")
    page.get_by_role("button", name="Install").click()
    expect(page.get_by_text("Waiting for the first call…")).to_be_visible()
    check_accessibility(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download bookpost.qwc").click()
    download.value.save_as(office / "bookpost.qwc")
    page.get_by_role("button", name="Generate password").click()
    password = page.get_by_label("Password").inner_text()
    assert re.fullmatch(r"[A-Za-z2-9]{8}", password)
    (office / "password").write_text("Wr0ngOne")
    assert "QBWC1040" in web_connector(office)
    expect(page.get_by_text("The Web Connector has called")).to_be_visible()
    (office / "password").write_text(password)
    assert web_connector(office).endswith("OK")
    expect(page.get_by_text("Connected to Northwind Promotions, next call in about 15 min")).to_be_visible()
    check_accessibility(page)
    page.reload()
    expect(page.get_by_text("Generate a new password?")).to_be_visible()
    check_accessibility(page)
    page.get_by_role("link", name="Keep the old one").click()
    expect(page.get_by_text("cannot be shown again")).to_be_visible()


def test_an_admin_chooses_the_accounts(admin: Screen) -> None:
    page = admin.page
    admin.go("/hub/integrations")
    expect(page.get_by_text("Northwind Promotions").first).to_be_visible()
    expect(page.get_by_text(re.compile("Web Connector 2.3.0.215 last called"))).to_be_visible()
    check_accessibility(page)
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("link", name="Accounts", exact=True).click()
    page.get_by_label(re.compile("^Income")).select_option("4000 Sales")
    suggested = page.get_by_label(re.compile("^Discounts")).locator("option:checked")
    expect(suggested).to_have_text("4900 Discounts Given")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()


def test_a_rep_sends_order_1042_into_the_company_file(rep: Screen, office: Path) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Balance due 118.50")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text(re.compile("Waiting for the Web Connector")).first).to_be_visible()
    check_accessibility(page)
    assert web_connector(office).endswith("OK")
    expect(dialog.get_by_text("In QuickBooks as 1042")).to_be_visible(timeout=30_000)
    company = CompanyFile(office / "company")
    assert whole_file(company) == ORDER_1042
    company.close()


def test_the_company_shows_what_it_owes(rep: Screen) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="ABC Company").click()
    tab = page.get_by_role("region", name="In the books")
    expect(tab.get_by_text("Linked to ABC Company")).to_be_visible()
    expect(tab).to_contain_text("Balance118.50")
    expect(tab.get_by_role("row").filter(has_text="1042")).to_contain_text(re.compile(r"218\.50\s+118\.50\s+Open"))
    check_accessibility(page)
    tab.get_by_role("button", name="Refresh").click()
    expect(tab).to_contain_text("Balance118.50")


def test_a_rep_sends_what_was_bought_for_it_afterwards(rep: Screen, office: Path) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("link", name="Send something else…").click()
    dialog.get_by_label("Purchase order").check()
    dialog.get_by_label("Bill", exact=True).check()
    dialog.get_by_label("Supplier’s invoice no.").fill("88213")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_text(re.compile("Waiting for the Web Connector")).first).to_be_visible()
    assert web_connector(office).endswith("OK")
    sent = dialog.get_by_role("listitem").filter(has_text="Bill 88213")
    expect(sent).to_contain_text("In QuickBooks as 88213", timeout=30_000)
    company = CompanyFile(office / "company")
    found = whole_file(company)
    company.close()
    assert [one[:1] + one[2:] for one in found["purchase orders"]] == [("1042", "true")]
    assert [one[0] for one in found["bills"]] == ["88213"]


def test_an_order_that_changed_is_updated_and_says_before_what_will_change(rep: Screen, office: Path) -> None:
    page = rep.page
    rep.go("/orders/1042")
    page.get_by_text("Change a quantity").click()
    page.get_by_role("spinbutton").first.fill("110")
    with page.expect_event("load"):
        page.get_by_role("button", name="Change").click()
    page.get_by_role("link", name="QB", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Customer (ABC Company)")).to_contain_text("ABC Company – linked")
    expect(dialog).to_contain_text("Total: 218.50 → 241.50")
    check_accessibility(page)
    dialog.get_by_label("Update: Invoice 1042").check()
    dialog.get_by_label("Update: Purchase order 1042").check()
    dialog.get_by_label("Update: Bill 88213 of Evans Glassware").check()
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text(re.compile("Waiting for the Web Connector")).first).to_be_visible()
    assert web_connector(office).endswith("OK")
    for document in ("Invoice 1042", "Purchase order 1042", "Bill 88213"):
        line = dialog.get_by_role("listitem").filter(has_text=document)
        expect(line).to_contain_text("In QuickBooks as", timeout=30_000)
    company = CompanyFile(office / "company")
    (invoice,) = whole_file(company)["invoices"]
    assert [str(figure) for figure in invoice[3:]] == ["241.50", "141.50"]
    (order,), (bill,) = company.rows("PurchaseOrder"), company.rows("Bill")
    company.close()
    (ordered,), (billed,) = order.fields["PurchaseOrderLineRet"], bill.fields["ItemLineRet"]
    assert (ordered["Quantity"], ordered["ReceivedQuantity"], billed["Quantity"]) == (110, 110, 110)
    assert (order.fields["TotalAmount"], order.fields["IsFullyReceived"]) == (bill.fields["AmountDue"], "true")


def test_another_company_file_is_refused_with_a_sentence(admin: Screen, rep: Screen, office: Path) -> None:
    rep.go("/orders/1043")
    rep.page.get_by_role("link", name="QB", exact=True).click()
    dialog = rep.page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_text(re.compile("Waiting for the Web Connector")).first).to_be_visible()
    other = ["--company", str(office / "other"), "--name", "Southwind", "--wrong-file"]
    said = web_connector(office, *other)
    assert "Southwind" in said
    assert "Open the company file of Northwind Promotions" in said
    admin.go("/hub/integrations")
    expect(admin.page.get_by_text(re.compile("has the company file of Southwind open"))).to_be_visible()
    assert web_connector(office).endswith("OK")
    elsewhere = CompanyFile(office / "other")
    assert whole_file(elsewhere)["invoices"] == []
    elsewhere.close()
