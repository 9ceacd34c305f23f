"""Customers, vendors, employees, items and accounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.online import OTHER_REALM, REALM, Running
from tests.support.intuit_client import Client, Row, new_entries


def test_a_new_customer_is_all_that_is_new(books: Running, client: Client) -> None:
    before = books.books()
    customer = client.write("Customer", {"DisplayName": " ABC Company ", "PrimaryEmailAddr": {"Address": "a@abc.test"}})
    assert new_entries(before, books.books()) == {"Customer": [customer]}
    assert (customer["DisplayName"], customer["FullyQualifiedName"]) == ("ABC Company", "ABC Company")
    assert (customer["Balance"], customer["Active"], customer["SyncToken"]) == (Decimal("0.00"), True, "0")


def test_companies_do_not_share_their_books(books: Running, client: Client) -> None:
    before = books.books(OTHER_REALM)
    client.write("Customer", {"DisplayName": "ABC Company"})
    assert books.books(OTHER_REALM) == before


@pytest.mark.parametrize("kind", ["Customer", "Vendor", "Employee"])
@pytest.mark.parametrize("name", ["COOL CARS", "hit promotional", "Emily Platt", "  Cool Cars  "])
def test_people_share_one_list_of_names(books: Running, client: Client, kind: str, name: str) -> None:
    before = books.books()
    assert client.refused(kind, {"DisplayName": name}) == ("6240", "DisplayName")
    assert books.books() == before


def test_a_name_is_taken_even_if_nobody_uses_it_any_more(books: Running, client: Client) -> None:
    books.control(f"edit/{REALM}/customer/{client.named('Customer', 'Cool Cars')}", {"Active": False})
    assert client.refused("Vendor", {"DisplayName": "Cool Cars"}) == ("6240", "DisplayName")


def test_an_entry_keeps_its_own_name(client: Client) -> None:
    customer = client.write("Customer", {"DisplayName": "ABC Company"})
    sent = {"Id": customer["Id"], "SyncToken": "0", "sparse": True, "DisplayName": "Abc company"}
    assert client.write("Customer", sent)["DisplayName"] == "Abc company"


@pytest.mark.parametrize("character", [":", "\t", "\n"])
def test_some_characters_are_in_no_name(client: Client, character: str) -> None:
    assert client.refused("Customer", {"DisplayName": f"A{character}B"}) == ("2040", "DisplayName")
    assert client.refused("Item", {"Name": f"A{character}B"}) == ("2040", "Name")


@pytest.mark.parametrize(
    ("kind", "element", "limit"),
    [
        ("Customer", "DisplayName", 500), ("Customer", "CompanyName", 100), ("Customer", "GivenName", 100),
        ("Customer", "Suffix", 16), ("Customer", "PrintOnCheckName", 110), ("Vendor", "PrintOnCheckName", 100),
        ("Customer", "Notes", 2000), ("Vendor", "AcctNum", 100), ("Item", "Name", 100), ("Item", "Sku", 100),
        ("Item", "Description", 4000), ("Item", "PurchaseDesc", 1000), ("Account", "Name", 100),
    ],
)  # fmt: skip
def test_a_text_is_as_long_as_its_limit_and_no_longer(client: Client, kind: str, element: str, limit: int) -> None:
    name = {"Customer": "DisplayName", "Vendor": "DisplayName"}.get(kind, "Name")
    base: Row = {name: "Somebody new", "AccountType": "Income"} if kind == "Account" else {name: "Somebody new"}
    if kind == "Item":
        base["IncomeAccountRef"] = client.ref("Account", "4000")
    assert client.refused(kind, {**base, element: "x" * (limit + 1)}) == ("2050", element)
    assert client.write(kind, {**base, element: "x" * limit})[element] == "x" * limit


def test_a_name_is_made_of_its_parts_if_there_is_none(client: Client) -> None:
    assert client.write("Customer", {"GivenName": "Ada", "FamilyName": "Lovelace"})["DisplayName"] == "Ada Lovelace"
    assert client.refused("Customer", {"CompanyName": "Nobody"})[0] == "2020"


def test_an_item_needs_an_income_account_of_the_right_kind(books: Running, client: Client) -> None:
    before = books.books()
    new = {"Name": "A7102", "Type": "NonInventory"}
    assert client.refused("Item", new) == ("2020", "IncomeAccountRef")
    assert client.refused("Item", {**new, "IncomeAccountRef": client.ref("Account", "1000")}) == (
        "6430",
        "IncomeAccountRef",
    )
    income = {"IncomeAccountRef": client.ref("Account", "4000")}
    assert client.refused("Item", {**new, **income, "ExpenseAccountRef": client.ref("Account", "4000")}) == (
        "6430",
        "ExpenseAccountRef",
    )
    assert client.refused("Item", {**new, **income, "Type": "Inventory"}) == ("2020", "ExpenseAccountRef")
    assert client.refused("Item", {**new, **income, "Type": "Gadget"}) == ("2170", "Type")
    assert client.refused("Item", {**new, **income, "Name": "t2040"}) == ("6240", "Name")
    assert books.books() == before
    item = client.write("Item", {**new, **income, "UnitPrice": "2.30"})
    assert (item["UnitPrice"], item["IncomeAccountRef"]["name"]) == (Decimal("2.30"), "Sales of Product Income")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"AccountType": "Piggy Bank"}, ("2170", "AccountType")),
        ({"Name": 'A "B"'}, ("2040", "Name")),
        ({"Name": "A:B"}, ("2040", "Name")),
        ({"AcctNum": "4:1"}, ("2040", "AcctNum")),
        ({"Name": "checking"}, ("6240", "Name")),
    ],
)
def test_an_account_that_is_not_right_is_refused(client: Client, changes: Row, refusal: tuple[str, str]) -> None:
    assert client.refused("Account", {"Name": "New", "AccountType": "Income", **changes}) == refusal


def test_an_account_is_classified_by_its_kind(client: Client) -> None:
    account = client.write("Account", {"Name": "Rebates", "AccountType": "Cost of Goods Sold"})
    assert (account["Classification"], account["AccountSubType"]) == ("Expense", "SuppliesMaterialsCogs")


def test_entries_of_lists_are_made_inactive_and_not_deleted(books: Running, client: Client) -> None:
    wanted = client.named("Customer", "Cool Cars")
    assert client.refused("Customer", {"Id": wanted, "SyncToken": "0"}, operation="delete")[0] == "6000"
    sent = {"Id": wanted, "SyncToken": "0", "sparse": True, "Active": False}
    assert client.write("Customer", sent)["Active"] is False
    assert client.query("select * from Customer where DisplayName = 'Cool Cars'") == []


@pytest.mark.parametrize("kind", ["TaxCode", "TaxRate", "CompanyInfo"])
def test_what_the_api_only_reads_is_not_written(books: Running, client: Client, kind: str) -> None:
    before = books.books()
    assert client.refused(kind, {"Name": "New"})[0] == "500"
    assert books.books() == before


def test_preferences_are_told_without_what_steers_the_sandbox(client: Client) -> None:
    taxes = client.query("select * from Preferences")[0]["TaxPrefs"]
    assert taxes == {"UsingSalesTax": True, "PartnerTaxEnabled": True}
    assert "BookCloseDate" not in client.entry("Preferences", "1")["AccountingInfoPrefs"]


def test_preferences_are_changed_by_group(client: Client) -> None:
    changed = client.write("Preferences", {"SyncToken": "0", "SalesFormsPrefs": {"CustomTxnNumbers": False}})
    assert changed["SalesFormsPrefs"]["CustomTxnNumbers"] is False
    assert changed["SalesFormsPrefs"]["AllowDiscount"] is True
    assert client.invoice(DocNumber="7")["DocNumber"] == "1001"


def test_the_seeded_books_are_believable(books: Running) -> None:
    ledger = books.books()
    numbers = {row["AcctNum"]: (row["AccountType"], row["AccountSubType"]) for row in ledger["Account"]}
    assert numbers["1000"] == ("Bank", "Checking")
    assert numbers["1100"] == ("Accounts Receivable", "AccountsReceivable")
    assert numbers["1499"] == ("Other Current Asset", "UndepositedFunds")
    assert numbers["2000"] == ("Accounts Payable", "AccountsPayable")
    assert numbers["2200"] == ("Other Current Liability", "GlobalTaxPayable")
    assert numbers["4000"] == ("Income", "SalesOfProductIncome")
    assert numbers["4900"] == ("Income", "DiscountsRefundsGiven")
    assert numbers["5000"] == ("Cost of Goods Sold", "SuppliesMaterialsCogs")
    assert [len(ledger[kind]) for kind in ("Customer", "Vendor", "Item")] == [30, 15, 40]
    assert "ABC Company" not in {row["DisplayName"] for row in ledger["Customer"]}
    assert "A7102" not in {row["Name"] for row in ledger["Item"]}
    assert not [row for kind in ("Invoice", "Payment", "Bill", "PurchaseOrder", "CreditMemo") for row in ledger[kind]]
