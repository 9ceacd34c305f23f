"""Find the outcome of a message set that QuickBooks does not remember: search by number, recognize by `ExternalGUID`.

Intuit's own way comes first: the same bytes under the same `newMessageSetID` return the stored answer. This module is
for the case that the stored answer is lost (status 9001, 9002, 9005: a restored backup, a damaged file), or never
arrives here.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.plugin import Batch, Conversation, Payload, Response
from quickbooks_desktop import matches
from quickbooks_desktop.asking import Row
from quickbooks_desktop.qbxml import reference

FORGOTTEN = {"9001", "9002", "9003", "9005"}
"""Statuses of a set: other content under this ID, no stored response, nothing stored, could not be stored."""


def recover(batch: Batch) -> Conversation[Sequence[Response | None]]:
    """Return for each request the response that it would have had, or None if QuickBooks has no trace of it. Customers,
    vendors and items are not looked for: QuickBooks refuses a second of the name."""
    found: dict[int, Response] = {}
    for request in (f"{kind}Add" for kind in matches.TRANSACTIONS):
        asked = {
            slot: one.payload["fields"][request]
            for slot, one in enumerate(batch.requests)
            if one.payload["request"] == request
        }
        if asked:
            rows = yield from matches.query_candidates(matches.query_of(request)[0], asked.values())
            found |= _match_rows(batch.idempotency_key, request, asked, rows)
    for slot, one in enumerate(batch.requests):
        if one.payload["request"] == "TxnVoid":
            voided = one.payload["fields"]
            if (yield from matches.is_voided(voided["TxnVoidType"], voided["TxnID"])):
                found[slot] = _done_response()
    return [found.get(slot) for slot in range(len(batch.requests))]


def _done_response(*rows: Row) -> Response:
    return Response(payload={"status": "0", "severity": "Info", "message": "", "rows": list(rows)})


def _match_rows(key: str, request: str, asked: dict[int, Payload], rows: list[Row]) -> dict[int, Response]:
    found: dict[int, Response] = {}
    left = list(rows)
    for slot, fields in asked.items():
        mark = reference(key, slot)
        row = next((row for row in left if matches.is_same(row["fields"], request, fields, mark)), None)
        if row is not None:
            left.remove(row)
            found[slot] = _done_response(row)
    return found
