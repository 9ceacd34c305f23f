"""Fetch the customers' invoices, payments and credit memos, including those entered by people in QuickBooks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hub.plugin import Conversation, Page, Payload, Ref, Sentence, Transaction, TransactionKind, in_cents, say
from quickbooks_desktop.asking import Row
from quickbooks_desktop.paging import Cursor, read_deleted, read_page

VOIDED = "VOID:"
"""QuickBooks puts this before the memo of a voided transaction, and sets its amounts to zero."""

_COMMON = ("TxnID", "TimeModified", "EditSequence", "CustomerRef", "TxnDate", "RefNumber", "Memo")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A kind of transaction: the name of its query, the elements to return, and a function that reads its amounts."""

    called: str
    plural: Sentence
    returned: tuple[str, ...]
    figures: Callable[[Mapping[str, Any]], dict[str, Any]]
    lines: bool = False


def _invoice_figures(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "total": _read_amount(fields, "Subtotal") + _read_amount(fields, "SalesTaxTotal"),
        "balance": _read_amount(fields, "BalanceRemaining"),
        "due": dt.date.fromisoformat(fields["DueDate"]) if fields.get("DueDate") else None,
    }


def _payment_figures(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "total": _read_amount(fields, "TotalAmount"),
        "balance": _read_amount(fields, "UnusedPayment"),
        "invoices": tuple(one["TxnID"] for one in fields.get("AppliedToTxnRet", ())),
    }


def _credit_memo_figures(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"total": _read_amount(fields, "TotalAmount"), "balance": _read_amount(fields, "CreditRemaining")}


HISTORY = {
    TransactionKind.INVOICE: History(
        called="Invoice", plural=say("invoices"), figures=_invoice_figures,
        returned=(*_COMMON, "DueDate", "Subtotal", "SalesTaxTotal", "BalanceRemaining"),
    ),
    TransactionKind.PAYMENT: History(
        called="ReceivePayment", plural=say("payments"), figures=_payment_figures, lines=True,
        returned=(*_COMMON, "TotalAmount", "UnusedPayment", "AppliedToTxnRet"),
    ),
    TransactionKind.CREDIT_MEMO: History(
        called="CreditMemo", plural=say("credit memos"), figures=_credit_memo_figures,
        returned=(*_COMMON, "TotalAmount", "CreditRemaining"),
    ),
}  # fmt: skip


def fetch(kind: TransactionKind, since: str) -> Conversation[Page]:
    """Fetch a page of the history. The last page of a pass also has the ids of what was deleted since, unless the pass
    began with an empty cursor and has only this page."""
    wanted, cursor = HISTORY[kind], Cursor.read(since)
    fields: Payload = {"IncludeRetElement": list(wanted.returned)}
    if cursor.since:
        fields["ModifiedDateRangeFilter"] = {"FromModifiedDate": cursor.since}
    if wanted.lines:
        fields["IncludeLineItems"] = True
    read = yield from read_page(f"{wanted.called}Query", wanted.plural, fields, cursor)
    deleted: tuple[str, ...] = ()
    if not read.left and since:
        deleted = yield from read_deleted("TxnDeletedQuery", "TxnDelType", [wanted.called], cursor.since)
    return Page(
        transactions=tuple(_build_transaction(kind, wanted, row) for row in read.rows),
        deleted=deleted,
        cursor=str(read.following),
        more=read.left > 0,
        total=read.total,
    )


def _build_transaction(kind: TransactionKind, wanted: History, row: Row) -> Transaction:
    fields = row["fields"]
    customer = fields.get("CustomerRef", {})
    return Transaction(
        kind=kind,
        id=fields["TxnID"],
        number=fields.get("RefNumber", ""),
        date=dt.date.fromisoformat(fields["TxnDate"]),
        customer=Ref(id=customer.get("ListID", ""), name=customer.get("FullName", "")),
        voided=fields.get("Memo", "").startswith(VOIDED),
        version=fields.get("EditSequence", ""),
        **wanted.figures(fields),
    )


def _read_amount(fields: Mapping[str, Any], name: str) -> Decimal:
    return in_cents(fields.get(name) or 0)
