"""Products and services."""

from __future__ import annotations

from sandbox.online.refusals import missing, unknown_value, wrong_account
from sandbox.online.rules.draft import Draft, check_characters
from sandbox.online.rules.lists import check_unique, qualified

_ACCOUNTS = {
    "IncomeAccountRef": frozenset({"Income", "Other Income"}),
    "ExpenseAccountRef": frozenset({"Cost of Goods Sold", "Expense", "Other Expense"}),
    "AssetAccountRef": frozenset({"Other Current Asset"}),
}
"""The kinds of account that each ref of an item may have."""

_REQUIRED: dict[str, tuple[str, ...]] = {
    "Service": ("IncomeAccountRef",),
    "NonInventory": ("IncomeAccountRef",),
    "Inventory": ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef", "InvStartDate", "QtyOnHand"),
    "Category": (),
}
"""The required elements of each kind of item. Bundles cannot be created through the API."""


def check(draft: Draft) -> None:
    entry = draft.entry
    entry["Name"] = str(entry.get("Name") or "").strip()
    if not entry["Name"]:
        raise missing("Name")
    check_characters(entry, "Name")
    kind = entry.setdefault("Type", "Service")
    if kind not in _REQUIRED:
        raise unknown_value("Type", kind)
    for element, fitting in _ACCOUNTS.items():
        account = draft.ref(element, "Account")
        if account is not None and account["AccountType"] not in fitting:
            raise wrong_account(element)
    for element in _REQUIRED[kind]:
        if entry.get(element) is None:
            raise missing(element)
    check_unique(draft, "Name")
    parent = draft.ref("ParentRef", "Item")
    entry["SubItem"] = parent is not None
    entry["FullyQualifiedName"] = qualified(parent, entry["Name"])
    entry.setdefault("Active", True)
    entry.setdefault("Taxable", False)
    entry.setdefault("TrackQtyOnHand", kind == "Inventory")
    entry["UnitPrice"] = entry.get("UnitPrice") or 0
    entry["PurchaseCost"] = entry.get("PurchaseCost") or 0
