"""Fetch the customers' invoices, payments and credit memos, including those entered by people in QuickBooks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hub.plugin import Conversation, Page, Ref, Transaction, TransactionKind, in_cents, say
from quickbooks_online.asking import Row
from quickbooks_online.marks import is_voided
from quickbooks_online.paging import read_page

CALLED = {
    TransactionKind.INVOICE: ("Invoice", say("invoices")),
    TransactionKind.PAYMENT: ("Payment", say("payments")),
    TransactionKind.CREDIT_MEMO: ("CreditMemo", say("credit memos")),
}
LEFT = {
    TransactionKind.INVOICE: "Balance",
    TransactionKind.PAYMENT: "UnappliedAmt",
    TransactionKind.CREDIT_MEMO: "RemainingCredit",
}

def fetch(kind: TransactionKind, since: str) -> Conversation[Page]:
    """Fetch a page of the history."""
    called, plural = CALLED[kind]
    read = yield from read_page(called, plural, "", since)
    transactions = tuple(_build_transaction(kind, row) for row in read.rows)
    return Page(
        transactions=transactions, deleted=read.deleted, cursor=read.following, more=read.more, total=read.total
    )


def _build_transaction(kind: TransactionKind, row: Row) -> Transaction:
    customer, payment = row.get("CustomerRef", {}), kind is TransactionKind.PAYMENT
    return Transaction(
        kind=kind,
        id=row["Id"],
        number=row.get("PaymentRefNum" if payment else "DocNumber") or "",
        date=dt.date.fromisoformat(row["TxnDate"]),
        due=dt.date.fromisoformat(row["DueDate"]) if row.get("DueDate") else None,
        customer=Ref(id=customer.get("value", ""), name=customer.get("name", "")),
        total=_read_amount(row, "TotalAmt"),
        balance=_read_amount(row, LEFT[kind]),
        currency=row.get("CurrencyRef", {}).get("value", ""),
        invoices=tuple(
            link["TxnId"]
            for line in row.get("Line", ())
            for link in line.get("LinkedTxn", ())
            if link.get("TxnType") == "Invoice"
        ),
        voided=is_voided(row),
        version=str(row.get("SyncToken", "")),
    )


def _read_amount(row: dict[str, Any], name: str) -> Decimal:
    return in_cents(row.get(name) or 0)
