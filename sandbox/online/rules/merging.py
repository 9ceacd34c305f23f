"""Merge two customers or vendors, as a bookkeeper does in QuickBooks: one of them is deleted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.online.rules.transactions import move
from sandbox.online.storage import Books, Entry

_REFS = {
    "Customer": frozenset({"CustomerRef", "ParentRef", "ShipTo"}),
    "Vendor": frozenset({"VendorRef"}),
}
"""The refs that point to each kind that can be merged."""

KINDS = frozenset(_REFS)

_TRANSACTIONS = ("Invoice", "CreditMemo", "Payment", "PurchaseOrder", "Bill", "VendorCredit")


def merge(books: Books, kind: str, loser: Entry, survivor: Entry) -> None:
    """Move transactions, sub-customers and balance of the loser to the survivor, and delete the loser with its id."""
    for other in (*_TRANSACTIONS, *(("Customer",) if kind == "Customer" else ())):
        for entry in books.all(other):
            if _point(entry, _REFS[kind], loser, survivor):
                books.change(other, entry)
    move(books, kind, {"value": survivor["Id"]}, Decimal(str(loser.get("Balance", 0))))
    books.drop(kind, loser)
    books.tell(kind, survivor["Id"], "Merge", deleted=loser["Id"])
    books.untell(kind, loser["Id"])


def _point(value: Any, refs: frozenset[str], loser: Entry, survivor: Entry) -> bool:
    """Change every ref to the loser, at any level, into a ref to the survivor. Return True if there was one."""
    if isinstance(value, list):
        return sum(_point(one, refs, loser, survivor) for one in value) > 0
    if not isinstance(value, dict):
        return False
    found = False
    for name, inner in value.items():
        if name in refs and isinstance(inner, dict) and inner.get("value") == loser["Id"]:
            value[name] = {"value": survivor["Id"], "name": survivor["DisplayName"]}
            found = True
        else:
            found = _point(inner, refs, loser, survivor) or found
    return found
