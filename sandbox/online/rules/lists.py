"""Accounts, customers, vendors, employees, items and the small lists."""

from __future__ import annotations

from sandbox.online.refusals import Refusal, bad_characters, missing, too_long, wrong_account
from sandbox.online.storage import Books, Entry, money

NAMED = ("Customer", "Vendor", "Employee")
"""They share one name space, the inactive ones included."""

ACCOUNT_KINDS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
    "Other Expense": "Expense",
}

_FORBIDDEN = frozenset(":\t\n")


def check_length(entry: Entry, element: str, limit: int) -> None:
    text = str(entry.get(element) or "")
    if len(text) > limit:
        raise too_long(element, limit, len(text))


def check_characters(entry: Entry, element: str, forbidden: frozenset[str] = _FORBIDDEN) -> None:
    if forbidden & set(str(entry.get(element) or "")):
        raise bad_characters(element)


def check_customer(books: Books, entry: Entry) -> None:
    _check_person(books, "Customer", entry)
    if (currency := (entry.get("CurrencyRef") or {}).get("value")) and currency != _home(books):
        raise Refusal(
            6000,
            "A business validation error has occurred while processing your request",
            "Business Validation Error: Multi-currency is not turned on.",
            element="CurrencyRef",
        )
    entry.setdefault("Balance", money(0))
    entry.setdefault("Taxable", True)
    entry.setdefault("Job", False)
    entry["BalanceWithJobs"] = entry["Balance"]
    entry["FullyQualifiedName"] = entry["DisplayName"]


def check_vendor(books: Books, entry: Entry) -> None:
    _check_person(books, "Vendor", entry)
    entry.setdefault("Balance", money(0))
    entry.setdefault("Vendor1099", False)


def check_employee(books: Books, entry: Entry) -> None:
    _check_person(books, "Employee", entry)


def check_account(books: Books, entry: Entry) -> None:
    if not entry.get("Name"):
        raise missing("Name")
    check_length(entry, "Name", 100)
    check_characters(entry, "Name", frozenset(':"'))
    check_characters(entry, "AcctNum", frozenset(":"))
    if entry.get("AccountType") not in ACCOUNT_KINDS:
        raise Refusal(
            2170, "Invalid Enumeration", f"Invalid Enumeration : {entry.get('AccountType')}", element="AccountType"
        )
    _check_unique(books, "Account", entry, "Name")
    entry["Classification"] = ACCOUNT_KINDS[entry["AccountType"]]
    entry["FullyQualifiedName"] = entry["Name"]
    entry.setdefault("AccountSubType", entry["AccountType"].replace(" ", ""))
    entry.setdefault("CurrentBalance", money(0))
    entry.setdefault("Active", True)


def check_item(books: Books, entry: Entry) -> None:
    if not entry.get("Name"):
        raise missing("Name")
    check_length(entry, "Name", 100)
    check_characters(entry, "Name")
    check_length(entry, "Description", 4000)
    check_length(entry, "PurchaseDesc", 1000)
    check_length(entry, "Sku", 100)
    kind = entry.setdefault("Type", "Service")
    if kind not in {"Service", "NonInventory", "Inventory", "Category"}:
        raise Refusal(2170, "Invalid Enumeration", f"Invalid Enumeration : {kind}", element="Type")
    income = books.referred(entry, "IncomeAccountRef", "Account")
    if kind != "Category" and income is None:
        raise missing("IncomeAccountRef")
    if income is not None and income["AccountType"] not in {"Income", "Other Income"}:
        raise wrong_account("IncomeAccountRef")
    cost = books.referred(entry, "ExpenseAccountRef", "Account")
    if cost is not None and cost["AccountType"] not in {"Cost of Goods Sold", "Expense", "Other Expense"}:
        raise wrong_account("ExpenseAccountRef")
    if kind == "Inventory":
        for element in ("AssetAccountRef", "InvStartDate", "QtyOnHand"):
            if entry.get(element) in {None, ""} if not isinstance(entry.get(element), dict) else False:
                raise missing(element)
    _check_unique(books, "Item", entry, "Name")
    entry["FullyQualifiedName"] = entry["Name"]
    entry.setdefault("Active", True)
    entry.setdefault("Taxable", False)
    entry["UnitPrice"] = entry.get("UnitPrice") or 0
    entry["PurchaseCost"] = entry.get("PurchaseCost") or 0


def check_named(books: Books, entry: Entry) -> None:  # noqa: ARG001 – All checks are called alike.
    if not entry.get("Name"):
        raise missing("Name")
    check_length(entry, "Name", 100)
    entry.setdefault("Active", True)
    entry.setdefault("FullyQualifiedName", entry["Name"])


def _check_person(books: Books, kind: str, entry: Entry) -> None:
    if not entry.get("DisplayName"):
        parts = [entry.get(part) for part in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")]
        entry["DisplayName"] = " ".join(part for part in parts if part)
    if not entry["DisplayName"]:
        raise missing("DisplayName, GivenName or FamilyName")
    check_length(entry, "DisplayName", 500)
    for element in ("DisplayName", "Suffix", "PrintOnCheckName"):
        check_characters(entry, element)
    for element, limit in (("GivenName", 100), ("FamilyName", 100), ("CompanyName", 100), ("Notes", 2000)):
        check_length(entry, element, limit)
    for element, part, limit in (
        ("PrimaryEmailAddr", "Address", 100),
        ("PrimaryPhone", "FreeFormNumber", 30),
        ("WebAddr", "URI", 1000),
    ):
        check_length(entry.get(element) or {}, part, limit)
    wanted = entry["DisplayName"].strip().casefold()
    for other_kind in NAMED:
        for other in books.all(other_kind):
            same = other_kind == kind and other["Id"] == entry.get("Id")
            if not same and other["DisplayName"].strip().casefold() == wanted:
                raise Refusal(
                    6240,
                    "Duplicate Name Exists Error",
                    f"The name supplied already exists. : Id={other['Id']}",
                    element="DisplayName",
                )
    entry.setdefault("PrintOnCheckName", entry.get("CompanyName") or entry["DisplayName"][:110])
    entry.setdefault("Active", True)
    entry["CurrencyRef"] = {"value": _home(books), "name": "United States Dollar"}


def _check_unique(books: Books, kind: str, entry: Entry, element: str) -> None:
    wanted = str(entry[element]).strip().casefold()
    for other in books.all(kind):
        if other["Id"] != entry.get("Id") and other[element].strip().casefold() == wanted:
            raise Refusal(
                6240,
                "Duplicate Name Exists Error",
                f"The name supplied already exists. : Id={other['Id']}",
                element=element,
            )


def _home(books: Books) -> str:
    return str(books.prefers("CurrencyPrefs", "HomeCurrency")["value"])
