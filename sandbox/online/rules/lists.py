"""Accounts, customers, vendors, employees and the small lists. Lengths are Intuit's, at minor version 75."""

from __future__ import annotations

from sandbox.online.refusals import business, missing, taken, unknown_value
from sandbox.online.rules.draft import Draft, check_characters, check_lengths
from sandbox.online.storage import Books, Entry, money

NAMED = ("Customer", "Vendor", "Employee")
"""Kinds that share one name space, inactive entries included."""

ACCOUNT_KINDS = {
    "Bank": ("Asset", "Checking"),
    "Accounts Receivable": ("Asset", "AccountsReceivable"),
    "Other Current Asset": ("Asset", "OtherCurrentAssets"),
    "Fixed Asset": ("Asset", "OtherFixedAssets"),
    "Other Asset": ("Asset", "OtherLongTermAssets"),
    "Accounts Payable": ("Liability", "AccountsPayable"),
    "Credit Card": ("Liability", "CreditCard"),
    "Other Current Liability": ("Liability", "OtherCurrentLiabilities"),
    "Long Term Liability": ("Liability", "OtherLongTermLiabilities"),
    "Equity": ("Equity", "OpeningBalanceEquity"),
    "Income": ("Revenue", "SalesOfProductIncome"),
    "Other Income": ("Revenue", "OtherMiscellaneousIncome"),
    "Cost of Goods Sold": ("Expense", "SuppliesMaterialsCogs"),
    "Expense": ("Expense", "OtherMiscellaneousServiceCost"),
    "Other Expense": ("Expense", "OtherMiscellaneousExpense"),
}
"""The classification of each kind of account, and its default detail kind."""

_ADDRESS = {
    **{f"Line{number}": 500 for number in range(1, 6)},
    "City": 255,
    "Country": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
}
ADDRESSES = {
    f"{place}.{part}": limit
    for place in ("BillAddr", "ShipAddr", "VendorAddr", "OtherAddr")
    for part, limit in _ADDRESS.items()
}

_PERSON = {
    "DisplayName": 500, "Title": 16, "Suffix": 16, "GivenName": 100, "MiddleName": 100, "FamilyName": 100,
    "CompanyName": 100, "PrintOnCheckName": 110, "Notes": 2000, "ResaleNum": 16, "AcctNum": 100, "TaxIdentifier": 20,
    "PrimaryEmailAddr.Address": 100, "WebAddr.URI": 1000, "PrimaryPhone.FreeFormNumber": 30,
    "AlternatePhone.FreeFormNumber": 30, "Mobile.FreeFormNumber": 30, "Fax.FreeFormNumber": 30, **ADDRESSES,
}  # fmt: skip


def check_customer(draft: Draft) -> None:
    entry = draft.entry
    _check_person(draft)
    entry.setdefault("Balance", money(0))
    entry.setdefault("Taxable", True)
    entry["BalanceWithJobs"] = entry["Balance"]
    parent = draft.ref("ParentRef", "Customer")
    entry["Job"] = parent is not None
    entry["FullyQualifiedName"] = ":".join([*([parent["FullyQualifiedName"]] if parent else []), entry["DisplayName"]])
    draft.ref("SalesTermRef", "Term")


def check_vendor(draft: Draft) -> None:
    _check_person(draft)
    check_lengths(draft.entry, {"PrintOnCheckName": 100})
    draft.entry.setdefault("Balance", money(0))
    draft.entry.setdefault("Vendor1099", False)
    draft.ref("TermRef", "Term")


def check_employee(draft: Draft) -> None:
    _check_person(draft)


def check_account(draft: Draft) -> None:
    entry = draft.entry
    if not entry.get("Name"):
        raise missing("Name")
    check_lengths(entry, {"Name": 100, "Description": 100})
    check_characters(entry, "Name", forbidden=frozenset(':"'))
    check_characters(entry, "AcctNum", forbidden=frozenset(":"))
    if entry.get("AccountType") not in ACCOUNT_KINDS:
        raise unknown_value("AccountType", entry.get("AccountType"))
    check_unique(draft, "Name")
    classified, detail = ACCOUNT_KINDS[entry["AccountType"]]
    entry["Classification"] = classified
    entry["FullyQualifiedName"] = entry["Name"]
    entry.setdefault("AccountSubType", detail)
    entry["CurrentBalance"] = entry["CurrentBalanceWithSubAccounts"] = money(0)
    entry["CurrencyRef"] = home_currency(draft.books)
    entry.setdefault("Active", True)


def check_term(draft: Draft) -> None:
    check_named(draft)
    draft.entry.setdefault("Type", "STANDARD")


def check_named(draft: Draft) -> None:
    """Check a class, department or term: it needs a unique name."""
    if not draft.entry.get("Name"):
        raise missing("Name")
    check_lengths(draft.entry, {"Name": 100})
    check_unique(draft, "Name")
    draft.entry.setdefault("Active", True)
    draft.entry["FullyQualifiedName"] = draft.entry["Name"]


def check_unique(draft: Draft, element: str) -> None:
    """Raise the refusal 6240 if another entry of the kind has the name."""
    for other in draft.books.named(draft.kind, draft.entry[element]):
        if other["Id"] != draft.id:
            raise taken(element, other["Id"])


def check_currency(books: Books, entry: Entry) -> None:
    """Set the home currency. Raise the refusal 6000 for another one: the sandbox's companies have no multi-currency."""
    home = home_currency(books)
    if (entry.get("CurrencyRef") or home)["value"] != home["value"]:
        raise business("Multi-currency is not turned on.")
    entry["CurrencyRef"] = home


def home_currency(books: Books) -> Entry:
    return {"value": str(books.prefers("CurrencyPrefs", "HomeCurrency")["value"]), "name": "United States Dollar"}


def _check_person(draft: Draft) -> None:
    entry = draft.entry
    if not str(entry.get("DisplayName") or "").strip():
        parts = [entry.get(part) for part in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")]
        entry["DisplayName"] = " ".join(part for part in parts if part)
    entry["DisplayName"] = entry["DisplayName"].strip()
    if not entry["DisplayName"]:
        raise missing("DisplayName, GivenName or FamilyName")
    check_lengths(entry, _PERSON)
    check_characters(entry, "DisplayName", "GivenName", "MiddleName", "FamilyName", "Suffix", "PrintOnCheckName")
    for kind in NAMED:
        for other in draft.books.named(kind, entry["DisplayName"]):
            if (kind, other["Id"]) != (draft.kind, draft.id):
                raise taken("DisplayName", other["Id"])
    entry.setdefault("PrintOnCheckName", (entry.get("CompanyName") or entry["DisplayName"])[:100])
    entry.setdefault("Active", True)
    check_currency(draft.books, entry)
