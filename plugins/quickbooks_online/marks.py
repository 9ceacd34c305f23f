"""Recognize documents that we wrote: by the mark in their private note, or by their contents if the mark is gone.

The mark is added when the batch is encoded; conversations do not see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hub.plugin import Payload, find_mark, write_mark

NOTE = "PrivateNote"
NOTE_LENGTH = 4000
VOIDED = "Voided"
"""QuickBooks writes this into the private note of a voided transaction, and sets its amounts to zero."""

_LINE_KINDS = ("SalesItemLineDetail", "ItemBasedExpenseLineDetail", "AccountBasedExpenseLineDetail")


def is_voided(row: Mapping[str, Any]) -> bool:
    """Return True if a transaction is voided, by us or by a QuickBooks user."""
    return VOIDED in str(row.get(NOTE) or "") and not Decimal(str(row.get("TotalAmt") or 0))


def add_mark(item: Payload, mark: str) -> Payload:
    """Return a batch item with the mark in the note of its document. Records get none, because they are recognized by
    name; nor does a change that does not send the note."""
    kind, fields = written_fields(item)
    if "TxnDate" not in fields or (fields.get("sparse") and NOTE not in fields):
        return item
    line = write_mark(mark)
    note = f"{fields.get(NOTE, '')[: NOTE_LENGTH - len(line) - 1]}\n{line}".lstrip()
    return {**item, kind: {**fields, NOTE: note}}


def written_fields(item: Payload) -> tuple[str, Payload]:
    """Return the kind and the fields that a batch item writes: "Invoice" and a dict; empty if it writes nothing."""
    return next(((kind, fields) for kind, fields in item.items() if isinstance(fields, dict)), ("", {}))


def mark_of(row: Mapping[str, Any]) -> str:
    """Return the mark of a document in QuickBooks, or an empty string."""
    return find_mark(row.get(NOTE))


def without_mark(note: str) -> str:
    """Return a private note without our mark, which the write adds anew."""
    return note.replace(write_mark(find_mark(note)), "").rstrip()


def is_alike(row: Mapping[str, Any], fields: Payload) -> bool:
    """Return True if a document in QuickBooks without a mark is the one that we wrote.

    It has the same party and day. A QuickBooks user may have changed its note, and so removed the mark. It is ours if
    its number or its note is what we sent, and so are its amounts and linked invoices; a voided one, if its number is.
    """
    note = str(row.get(NOTE) or "")
    if mark_of(row) or _party_and_day(row) != _party_and_day(fields):
        return False
    same_number = bool(_number(fields)) and _number(row) == _number(fields)
    if same_number and VOIDED in note:
        return True
    same_note = bool(note) and note.strip() == str(fields.get(NOTE, "")).strip()
    return (same_number or same_note) and _amount(row) == _amount(fields) and _linked(row) == _linked(fields)


def _party_and_day(row: Mapping[str, Any]) -> tuple[str, str]:
    party = row.get("CustomerRef") or row.get("VendorRef") or {}
    return str(party.get("value")), str(row.get("TxnDate"))


def _number(row: Mapping[str, Any]) -> str:
    return str(row.get("DocNumber") or row.get("PaymentRefNum") or "")


def _amount(row: Mapping[str, Any]) -> Decimal:
    """Return the sum of the lines before discount and tax, which QuickBooks may compute differently; without lines, the
    total."""
    lines = [line for line in row.get("Line", ()) if line.get("DetailType") in _LINE_KINDS]
    amounts = [line["Amount"] for line in lines] if lines else [row.get("TotalAmt", 0)]
    return sum((Decimal(str(amount)) for amount in amounts), Decimal(0))


def _linked(row: Mapping[str, Any]) -> set[str]:
    """Return the invoices that a payment pays."""
    if "TotalAmt" not in row or "DocNumber" in row:
        return set()
    return {link["TxnId"] for line in row.get("Line", ()) for link in line.get("LinkedTxn", ())}
