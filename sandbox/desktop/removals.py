"""Delete and void transactions and list entries, as people do in QuickBooks. Deleted ones are recorded for queries."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.desktop import lists
from sandbox.desktop.purchasing import release
from sandbox.desktop.reading import Fields, Refused
from sandbox.desktop.store import Row, Store
from sandbox.desktop.transactions import reopen

_NOTHING = Decimal("0.00")
_FIGURES = ("Subtotal", "SalesTaxTotal", "AppliedAmount", "BalanceRemaining", "TotalAmount", "UnusedPayment",
            "CreditRemaining", "AmountDue")  # fmt: skip


def delete_transaction(store: Store, fields: Fields) -> Row:
    """Delete a transaction. Those that it was applied to are open again. One with payments cannot be deleted."""
    row = _found(store, fields["TxnID"], fields["TxnDelType"])
    if row.fields.get("AppliedAmount", _NOTHING) or row.fields.get("OpenAmount") != row.fields.get("AmountDue"):
        raise Refused(3160, f'Cannot delete the object specified by the id = "{row.id}". It has payments.')
    for one in row.fields.get("AppliedToTxnRet", ()):
        reopen(store, one)
    for line in row.fields.get("ItemLineRet", ()):
        release(store, line)
    head = {"TxnDelType": row.kind, "TxnID": row.id}
    return _bury(store, row, "TxnDeleted", head, {"RefNumber": row.fields.get("RefNumber", "")})


def void_transaction(store: Store, fields: Fields) -> Row:
    """Void a transaction: it stays, with amounts of zero. An application cannot void one with payments (3170)."""
    row = _found(store, fields["TxnID"], fields["TxnVoidType"])
    if row.fields.get("AppliedAmount", _NOTHING):
        raise Refused(3170, f"There was an error when modifying a {row.kind}.  QuickBooks error message: The "
                      "transaction has payments applied to it.")  # fmt: skip
    for one in row.fields.get("AppliedToTxnRet", ()):
        reopen(store, one)
    row.fields |= {name: _NOTHING for name in _FIGURES if name in row.fields}
    row.fields |= {"AppliedToTxnRet": []} if "AppliedToTxnRet" in row.fields else {}
    row.fields["Memo"] = f"VOID: {row.fields.get('Memo', '')}".rstrip()
    if "IsPaid" in row.fields:
        row.fields["IsPaid"] = "true"
    for name in ("InvoiceLineRet", "CreditMemoLineRet", "ItemLineRet"):
        for line in row.fields.get(name, ()):
            line["Amount"] = _NOTHING
    lists.touch(store, row)
    return row


def delete_entry(store: Store, fields: Fields) -> Row:
    """Delete an entry of a list. One that a transaction uses cannot be deleted, only made inactive."""
    row = _found(store, fields["ListID"], fields["ListDelType"])
    if store.find(("Invoice", "ReceivePayment", "CreditMemo", "PurchaseOrder", "Bill"), "party = ?", row.id):
        raise Refused(3160, f'Cannot delete the object specified by the id = "{row.id}". It is in use.')
    head = {"ListDelType": row.kind, "ListID": row.id}
    return _bury(store, row, "ListDeleted", head, {"FullName": row.fields["FullName"]})


def _found(store: Store, row_id: str, kind: str) -> Row:
    row = store.get(row_id, [kind])
    if row is None:
        raise Refused(3120, f'Object "{row_id}" specified in the request cannot be found.')
    return row


def _bury(store: Store, row: Row, kind: str, head: Fields, tail: Fields) -> Row:
    created = row.fields.get("TimeCreated", "")
    times: dict[str, Any] = {"TimeCreated": created, "TimeDeleted": lists.moment()}
    gone = Row(id=row.id, kind=kind, shelf="", name="", fields=head | times | tail, modified=times["TimeDeleted"])
    store.put(gone)
    return gone


def remembered(store: Store, kinds: tuple[str, ...], fields: Fields) -> list[Row]:
    """Return the deleted rows of some types, since a time if one is given. QuickBooks remembers them for 90 days."""
    element = "TxnDelType" if kinds == ("TxnDeleted",) else "ListDelType"
    since = fields.get("DeletedDateRangeFilter", {}).get("FromDeletedDate", "")
    oldest = (dt.datetime.now() - dt.timedelta(days=90)).isoformat()  # noqa: DTZ005  # The machine's local time.
    rows = store.find(kinds, "substr(modified, 1, 19) >= ?", max(since, oldest)[:19])
    return [row for row in rows if row.fields[element] in fields[element]]
