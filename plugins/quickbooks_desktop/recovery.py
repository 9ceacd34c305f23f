"""Find the outcome of a message set that QuickBooks does not remember: search by number, recognize by `ExternalGUID`.

Intuit's own way comes first: the same bytes under the same `newMessageSetID` return the stored answer. This module is
for the case that the stored answer is lost (status 9001, 9002, 9005: a restored backup, a damaged file).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hub.plugin import Batch, Conversation, Payload, Response, say
from quickbooks_desktop.asking import Row, query_rows
from quickbooks_desktop.history import VOIDED
from quickbooks_desktop.qbxml import reference

FORGOTTEN = {"9001", "9002", "9003", "9005"}
"""Statuses of a set: other content under this ID, no stored response, nothing stored, could not be stored."""

_QUERIES = {
    "InvoiceAdd": "InvoiceQuery",
    "CreditMemoAdd": "CreditMemoQuery",
    "ReceivePaymentAdd": "ReceivePaymentQuery",
    "PurchaseOrderAdd": "PurchaseOrderQuery",
    "BillAdd": "BillQuery",
}
"""The query that finds each write. Customers, vendors and items need none: QuickBooks refuses a second of the name."""

_AMOUNTS = {"ReceivePaymentAdd": "TotalAmount"}


def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
    """Return for each request the response that it would have had, or None if QuickBooks has no trace of it."""
    found: dict[int, Response] = {}
    for request, query in _QUERIES.items():
        asked = {
            slot: one.payload["fields"][request]
            for slot, one in enumerate(batch.requests)
            if one.payload["request"] == request
        }
        if asked:
            rows = yield from _query_candidates(query, list(asked.values()))
            found |= _match_rows(batch.idempotency_key, request, asked, rows)
    for slot, one in enumerate(batch.requests):
        if one.payload["request"] == "TxnVoid" and (yield from _is_voided(one.payload["fields"])):
            found[slot] = _done_response()
    return [found.get(slot) for slot in range(len(batch.requests))]


def _is_voided(fields: Payload) -> Conversation[bool]:
    query = f"{fields['TxnVoidType']}Query"
    subject = say("what was voided")
    rows = yield from query_rows(say("look whether it is voided"), query, {"TxnID": [fields["TxnID"]]}, subject)
    return any(row["fields"].get("Memo", "").startswith(VOIDED) for row in rows)


def _done_response(*rows: Row) -> Response:
    return Response(payload={"status": "0", "severity": "Info", "message": "", "rows": list(rows)})


def _query_candidates(query: str, asked: list[Payload]) -> Conversation[list[Row]]:
    numbers = sorted({fields["RefNumber"] for fields in asked if fields.get("RefNumber")})
    parties = sorted({_party_id(fields) for fields in asked if not fields.get("RefNumber")})
    rows: list[Row] = []
    lines: Payload = {"IncludeLineItems": True}
    if numbers:
        where = {"RefNumber": numbers, **lines}
        rows += yield from query_rows(say("look by number"), query, where, say("what was sent"))
    if parties:
        where = {"EntityFilter": {"ListID": parties}, **lines}
        rows += yield from query_rows(say("look by customer or vendor"), query, where, say("what was sent"))
    return rows


def _match_rows(key: str, request: str, asked: dict[int, Payload], rows: list[Row]) -> dict[int, Response]:
    found: dict[int, Response] = {}
    left = list(rows)
    for slot, fields in asked.items():
        mark = reference(key, slot)
        row = next((row for row in left if _is_same(row["fields"], request, fields, mark)), None)
        if row is not None:
            left.remove(row)
            found[slot] = _done_response(row)
    return found


def _is_same(row: dict[str, Any], request: str, fields: Payload, mark: str) -> bool:
    """Return True if the row has our `mark`; without marks (before qbXML 9.0), if all that we sent is the same."""
    if row.get("ExternalGUID"):
        return bool(row["ExternalGUID"].upper() == mark)
    amount = _AMOUNTS.get(request)
    return (
        _party_id(row) == _party_id(fields)
        and row.get("TxnDate") == fields["TxnDate"]
        and row.get("RefNumber", "") == fields.get("RefNumber", "")
        and row.get("Memo", "") == fields.get("Memo", "")
        and (amount is None or Decimal(row[amount]) == Decimal(fields[amount]))
    )


def _party_id(fields: Payload) -> str:
    return str((fields.get("CustomerRef") or fields.get("VendorRef") or {}).get("ListID", ""))
