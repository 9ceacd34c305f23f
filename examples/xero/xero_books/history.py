"""Fetch the customers' invoices, payments and credit notes, including those entered by people in Xero."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hub.plugin import Conversation, Page, Ref, Transaction, TransactionKind, in_cents, noun, say
from xero_books.posting import Row
from xero_books.reading import day, read_page

GONE = ("VOIDED", "DELETED")


def fetch(kind: TransactionKind, since: str) -> Conversation[Page]:
    """Fetch a page of the history. Drafts are left out, because they are not owed; they follow when approved."""
    path, where, read = _KINDS[kind]
    more = {"summaryOnly": "true"} if kind is TransactionKind.INVOICE else {}
    page = yield from read_page(say("read the history: %(kind)s", kind=noun(kind)), path, since, where=where, **more)
    return Page(
        transactions=tuple(
            _build_transaction(kind, row, read(row)) for row in page.rows if row["Status"] not in _DRAFTS
        ),
        cursor=page.following,
        more=page.more,
    )


_DRAFTS = ("DRAFT", "SUBMITTED")


def _build_transaction(kind: TransactionKind, row: Row, special: dict[str, Any]) -> Transaction:
    """Return a transaction. Xero keeps the amounts of a voided one; here they are set to zero."""
    voided, contact = row["Status"] in GONE, special.pop("contact")
    if voided:
        special |= {"total": Decimal("0.00"), "balance": Decimal("0.00")}
    return Transaction(
        kind=kind,
        date=day(row["Date"]),
        customer=Ref(id=contact["ContactID"], name=contact.get("Name", "")),
        voided=voided,
        version=row.get("UpdatedDateUTC", ""),
        **special,
    )


def _read_invoice(row: Row) -> dict[str, Any]:
    return {
        "id": row["InvoiceID"],
        "number": row.get("InvoiceNumber", ""),
        "due": day(row["DueDate"]) if row.get("DueDate") else None,
        "total": in_cents(row["Total"]),
        "balance": in_cents(row.get("AmountDue", 0)),
        "contact": row["Contact"],
        "currency": row.get("CurrencyCode", ""),
    }


def _read_payment(row: Row) -> dict[str, Any]:
    """Return the fields of a payment, which is for exactly one invoice."""
    return {
        "id": row["PaymentID"],
        "number": row.get("Reference", ""),
        "total": in_cents(row["Amount"]),
        "balance": Decimal("0.00"),
        "contact": row["Invoice"]["Contact"],
        "invoices": (row["Invoice"]["InvoiceID"],),
    }


def _read_credit_note(row: Row) -> dict[str, Any]:
    return {
        "id": row["CreditNoteID"],
        "number": row.get("CreditNoteNumber", ""),
        "total": in_cents(row["Total"]),
        "balance": in_cents(row.get("RemainingCredit", 0)),
        "contact": row["Contact"],
        "currency": row.get("CurrencyCode", ""),
        "invoices": tuple(one["Invoice"]["InvoiceID"] for one in row.get("Allocations", ())),
    }


_KINDS: dict[TransactionKind, tuple[str, str, Callable[[Row], dict[str, Any]]]] = {
    TransactionKind.INVOICE: ("Invoices", 'Type=="ACCREC"', _read_invoice),
    TransactionKind.PAYMENT: ("Payments", 'PaymentType=="ACCRECPAYMENT"', _read_payment),
    TransactionKind.CREDIT_MEMO: ("CreditNotes", 'Type=="ACCRECCREDIT"', _read_credit_note),
}
