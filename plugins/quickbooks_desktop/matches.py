"""Find in QuickBooks what a write of ours became: by number or party, name, and our `ExternalGUID`."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from hub.plugin import Conversation, Payload, say
from quickbooks_desktop.asking import Row, query_rows
from quickbooks_desktop.history import VOIDED

TRANSACTIONS = ("Invoice", "CreditMemo", "ReceivePayment", "PurchaseOrder", "Bill")
AT_ONCE = 20
"""How many numbers are asked for in a query: it may be a proxy's limit for which an answer was lost."""
_AMOUNTS = {"ReceivePaymentAdd": "TotalAmount"}


def query_of(request: str) -> tuple[str, str]:
    """Return the query that finds what a write wrote, and the element of its id."""
    kind = request.removesuffix("Add").removesuffix("Mod")
    if kind.startswith("Item"):
        return "ItemQuery", "ListID"
    return f"{kind}Query", "TxnID" if kind in TRANSACTIONS else "ListID"


def find_added(request: str, fields: Payload, mark: str) -> Conversation[Row | None]:
    """Return what an addition added, or None. `mark` is its `ExternalGUID`."""
    query, element = query_of(request)
    if element == "TxnID":
        rows = yield from query_candidates(query, [fields])
        return next((row for row in rows if is_same(row["fields"], request, fields, mark)), None)
    named: Payload = {"FullName": [fields["Name"]]}
    rows = yield from query_rows(say("look by name"), query, named, say("what was sent"))
    wanted = f"{request.removesuffix('Add')}Ret"
    same = [row for row in rows if row["kind"] == wanted]
    return next((row for row in same if row["fields"].get("ExternalGUID", mark).upper() == mark.upper()), None)


def is_voided(kind: str, txn_id: str) -> Conversation[bool]:
    """Return True if a transaction is voided."""
    subject = say("what was voided")
    rows = yield from query_rows(say("look whether it is voided"), f"{kind}Query", {"TxnID": [txn_id]}, subject)
    return any(row["fields"].get("Memo", "").startswith(VOIDED) for row in rows)


def query_candidates(query: str, asked: Iterable[Payload]) -> Conversation[list[Row]]:
    """Return the transactions that may be what was asked to be added: of the same number, or without one of the same
    customer or vendor."""
    asked = list(asked)
    numbers = sorted({fields["RefNumber"] for fields in asked if fields.get("RefNumber")})
    parties = sorted({_party_id(fields) for fields in asked if not fields.get("RefNumber")})
    rows: list[Row] = []
    lines: Payload = {"IncludeLineItems": True}
    for some in _in_portions(numbers):
        where = {"RefNumber": some, **lines}
        rows += yield from query_rows(say("look by number"), query, where, say("what was sent"))
    for some in _in_portions(parties):
        where = {"EntityFilter": {"ListID": some}, **lines}
        rows += yield from query_rows(say("look by customer or vendor"), query, where, say("what was sent"))
    return rows


def _in_portions(wanted: list[str]) -> list[list[str]]:
    return [wanted[first : first + AT_ONCE] for first in range(0, len(wanted), AT_ONCE)]


def is_same(row: dict[str, Any], request: str, fields: Payload, mark: str) -> bool:
    """Return True if the row has our `mark`; without marks (before qbXML 9.0), if all that we sent is the same."""
    if row.get("ExternalGUID"):
        return bool(row["ExternalGUID"].upper() == mark.upper())
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
