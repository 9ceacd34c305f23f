"""Queries: find the rows that they select, and return them page by page with iterators, which last for one session."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.desktop import removals
from sandbox.desktop.lists import ITEMS, PARTIES
from sandbox.desktop.reading import Asked, Refused
from sandbox.desktop.schema import TRANSACTION_QUERIES
from sandbox.desktop.store import Row, Store

KINDS: Mapping[str, Sequence[str]] = {
    "AccountQuery": ("Account",),
    "CustomerQuery": ("Customer",),
    "VendorQuery": ("Vendor",),
    "EmployeeQuery": ("Employee",),
    "EntityQuery": PARTIES,
    "ItemQuery": ITEMS,
    "ItemDiscountQuery": ("ItemDiscount",),
    "ItemSalesTaxQuery": ("ItemSalesTax",),
    "ItemSalesTaxGroupQuery": ("ItemSalesTaxGroup",),
    "TermsQuery": ("StandardTerms",),
    "ClassQuery": ("Class",),
    "SalesTaxCodeQuery": ("SalesTaxCode",),
    "InvoiceQuery": ("Invoice",),
    "ReceivePaymentQuery": ("ReceivePayment",),
    "PurchaseOrderQuery": ("PurchaseOrder",),
    "BillQuery": ("Bill",),
    "CreditMemoQuery": ("CreditMemo",),
    "TxnDeletedQuery": ("TxnDeleted",),
    "ListDeletedQuery": ("ListDeleted",),
}
WITHOUT_ITERATOR = {"AccountQuery", "TermsQuery", "ClassQuery", "SalesTaxCodeQuery"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The rows of one answer, the iterator with its remaining count, and the first wanted name that was not found."""

    rows: Sequence[Row]
    iterator: str = ""
    remaining: int = 0
    missing: str = ""


@dataclass(slots=True)
class Iterators:
    """The iterators of one session."""

    left: dict[str, tuple[str, list[str]]] = field(default_factory=dict)

    def answer(self, store: Store, asked: Asked) -> Found:
        """Answer a query. Raises `Refused`."""
        mode = asked.attributes.get("iterator", "")
        if not mode:
            found = _found(store, asked)
            return Found(rows=found.rows[: _limit(asked)], missing=found.missing)
        if asked.name in WITHOUT_ITERATOR or "MaxReturned" not in asked.fields:
            raise Refused(3391, "An iterator cannot be used with this request.")
        if mode == "Start":
            name = "{" + str(uuid.uuid4()) + "}"
            self.left[name] = (_filters(asked), [row.id for row in _found(store, asked).rows])
        else:
            name = asked.attributes.get("iteratorID", "")
            if name not in self.left or self.left[name][0] != _filters(asked):
                raise Refused(3391, "The iterator is not valid in this session, or its query is another one.")
        filters, ids = self.left[name]
        stretch, rest = ids[: _limit(asked)], ids[_limit(asked) or len(ids) :]
        self.left[name] = (filters, rest)
        if mode == "Stop" or not rest:
            del self.left[name]
        rows = [row for one in stretch if (row := store.get(one, KINDS[asked.name])) is not None]
        return Found(rows=rows, iterator=name, remaining=len(rest))


def _limit(asked: Asked) -> int | None:
    return int(asked.fields["MaxReturned"]) if "MaxReturned" in asked.fields else None


def _filters(asked: Asked) -> str:
    return repr({name: value for name, value in asked.fields.items() if name != "MaxReturned"})


def _found(store: Store, asked: Asked) -> Found:
    fields, kinds = asked.fields, KINDS[asked.name]
    if asked.name.endswith("DeletedQuery"):
        return Found(rows=removals.remembered(store, tuple(kinds), fields))
    for name in ("ListID", "TxnID"):
        if name in fields:
            rows = [row for one in fields[name] if (row := store.get(one, kinds))]
            return _by(fields[name], rows, lambda row: row.id)
    if "FullName" in fields:
        wanted = {name.casefold() for name in fields["FullName"]}
        rows = [row for name in sorted(wanted) for row in store.find(kinds, "name = ?", name)]
        return _by(fields["FullName"], rows, lambda row: row.name)
    numbers = fields.get("RefNumber") or fields.get("RefNumberCaseSensitive")
    if numbers:
        rows = [row for number in numbers for row in store.find(kinds, "name = ?", number.casefold())]
        return Found(rows=[row for row in rows if row.name in numbers])
    return Found(rows=_filtered(store, asked, kinds))


def _filtered(store: Store, asked: Asked, kinds: Sequence[str]) -> list[Row]:
    fields = asked.fields
    since = fields.get("FromModifiedDate") or fields.get("ModifiedDateRangeFilter", {}).get("FromModifiedDate", "")
    where, values = ["1"], []
    if "EntityFilter" in fields:
        ids = fields["EntityFilter"].get("ListID", [])
        where.append(f"party IN ({', '.join('?' for _ in ids)})")
        values += ids
    if since:  # In the machine's local time; an offset is ignored.
        where.append("substr(modified, 1, 19) >= ?")
        values.append(since[:19])
    status = fields.get("ActiveStatus", "ActiveOnly")
    if status != "All" and asked.name not in TRANSACTION_QUERIES:
        where.append(f"active = {int(status == 'ActiveOnly')}")
    return store.find(kinds, " AND ".join(where), *values)


def _by(wanted: Sequence[str], rows: Sequence[Row], key: Callable[[Row], str]) -> Found:
    there = {key(row).casefold() for row in rows}
    missing = next((one for one in wanted if one.casefold() not in there), "")
    return Found(rows=rows, missing=missing)
