"""The batch call: up to 30 items, each carried out independently."""

from __future__ import annotations

from typing import Any

from sandbox.online import bookkeeper, operations, query
from sandbox.online.refusals import Refusal, missing, unknown_value, unreadable
from sandbox.online.rules import KINDS
from sandbox.online.storage import Books, Entry

MOST = 30
MOST_OBJECTS = 1000
"""The most objects in all answers of a batch together (batch reference). What happens beyond is not documented."""

OPERATIONS = frozenset({"create", "update", "delete"})
"""The documented ones. A void is an update whose `optionsData` is `void` (batch reference; node-quickbooks 150)."""

BID_LENGTH = 10


def run(books: Books, sent: Entry, *, has_requestid: bool) -> tuple[Entry, int]:
    """Carry out a batch. Return the answer and the number of items that had an effect.

    The answers are in reverse order, because the real service promises no order.
    """
    items = _items(sent, has_requestid=has_requestid)
    answers, effects = [], 0
    for item in items:
        answer, effect = _one(books, item)
        answers.append({**answer, "bId": item["bId"]})
        effects += effect
    _cut(answers)
    return {"BatchItemResponse": answers[::-1]}, effects


def _cut(answers: list[dict[str, Any]]) -> None:
    """Leave out the rows beyond what a batch may answer with, and say nothing of it."""
    room = MOST_OBJECTS
    for answer in answers:
        found = answer.get("QueryResponse", {})
        for name, rows in found.items():
            if isinstance(rows, list):
                found[name] = rows[:room]
                room -= len(found[name])


def reads(sent: Entry) -> int:
    """Return the number of queries in a batch. Intuit does not document if its meter counts each; this one does."""
    items = sent.get("BatchItemRequest")
    return sum("Query" in item for item in items if isinstance(item, dict)) if isinstance(items, list) else 0


def _items(sent: Entry, *, has_requestid: bool) -> list[Entry]:
    """Return the items. Raises `Refusal` if a `bId` is missing, repeated, or has more than 10 characters in a batch
    with a requestid."""
    items = sent.get("BatchItemRequest")
    if not items:
        raise missing("BatchItemRequest")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise unreadable("BatchItemRequest")
    if len(items) > MOST:
        raise Refusal(1040, "Batch too large", f"A batch has at most {MOST} items.", element="BatchItemRequest")
    bids = [str(item.get("bId") or "") for item in items]
    for bid in bids:
        if not bid or bids.count(bid) > 1 or (has_requestid and len(bid) > BID_LENGTH):
            raise Refusal(2130, "Invalid Request Id Format", f"bId “{bid}” is missing, repeated or too long")
    return items


def _one(books: Books, item: Entry) -> tuple[dict[str, Any], int]:
    try:
        with books.session.savepoint():
            if "Query" in item:
                return {"QueryResponse": query.run(books, str(item["Query"]))}, 0
            name = next((name for name in item if name.lower() in KINDS), None)
            if name is None or not isinstance(item[name], dict):
                raise unreadable(name or "BatchItemRequest")
            kind = KINDS[name.lower()]
            operation, include = str(item.get("operation") or ""), str(item.get("optionsData") or "")
            if operation not in OPERATIONS:
                raise unknown_value("operation", operation)
            entry = operations.carry_out(books, kind, item[name], operation=operation, include=include)
            bookkeeper.look_in(books, kind)
            return {kind: entry}, 1
    except Refusal as refusal:
        return {"Fault": refusal.fault()}, 0
