"""Accounts, customers, vendors, employees and the small lists. Lengths are Intuit's, at minor version 75."""

from __future__ import annotations

from sandbox.online.refusals import business, missing, taken, unknown_value
from sandbox.online.rules.draft import Draft, check_characters
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


def check_customer(draft: Draft) -> None:
    entry = draft.entry
    _check_person(draft)
    entry.setdefault("Balance", money(0))
    entry.setdefault("Taxable", True)
    entry["BalanceWithJobs"] = entry["Balance"]
    parent = draft.ref("ParentRef", "Customer")
    if (parent is not None) != bool(entry.get("Job")):  # Intuit, Customer: each requires the other.
        raise missing("Job" if parent else "ParentRef")
    entry["Job"] = parent is not None
    entry["FullyQualifiedName"] = qualified(parent, entry["DisplayName"])
    draft.ref("SalesTermRef", "Term")


def check_vendor(draft: Draft) -> None:
    _check_person(draft)
    draft.entry.setdefault("Balance", money(0))
    draft.entry.setdefault("Vendor1099", False)
    draft.ref("TermRef", "Term")


def check_employee(draft: Draft) -> None:
    _check_person(draft)


def check_account(draft: Draft) -> None:
    entry = draft.entry
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
    """Check a term: a standard one needs its days, one by date its day of the month (Intuit, Term)."""
    _check_name(draft)
    needed = "DueDays" if draft.entry.setdefault("Type", "STANDARD") == "STANDARD" else "DayOfMonthDue"
    if draft.entry.get(needed) is None:
        raise missing(needed)


def check_named(draft: Draft) -> None:
    """Check a class or department: it needs a name, unique under its parent, which must exist."""
    _check_name(draft)
    parent = draft.ref("ParentRef", draft.kind)
    draft.entry[f"Sub{draft.kind}"] = parent is not None
    draft.entry["FullyQualifiedName"] = qualified(parent, draft.entry["Name"])


def _check_name(draft: Draft) -> None:
    check_characters(draft.entry, "Name")
    check_unique(draft, "Name")
    draft.entry.setdefault("Active", True)


def qualified(parent: Entry | None, name: str) -> str:
    """Return the full name of an entry: those of its parents and its own, with colons between them."""
    return f"{parent['FullyQualifiedName']}:{name}" if parent else name


def check_unique(draft: Draft, element: str) -> None:
    """Raise the refusal 6240 if another entry of the kind has the name, under the same parent where there are any."""
    parent = (draft.entry.get("ParentRef") or {}).get("value")
    for other in draft.books.named(draft.kind, draft.entry[element]):
        if other["Id"] != draft.id and (other.get("ParentRef") or {}).get("value") == parent:
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
    check_characters(entry, "DisplayName", "GivenName", "MiddleName", "FamilyName", "Suffix", "PrintOnCheckName")
    for kind in NAMED:
        for other in draft.books.named(kind, entry["DisplayName"]):
            if (kind, other["Id"]) != (draft.kind, draft.id):
                raise taken("DisplayName", other["Id"])
    entry.setdefault("PrintOnCheckName", (entry.get("CompanyName") or entry["DisplayName"])[:100])
    entry.setdefault("Active", True)
    check_currency(draft.books, entry)
