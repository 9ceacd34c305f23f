"""The batch call: up to 30 items, each for itself."""

from __future__ import annotations

from typing import Any

from sandbox.online import operations, query
from sandbox.online.refusals import Refusal
from sandbox.online.rules import KINDS
from sandbox.online.storage import Books, Entry

MOST = 30
BID_LENGTH = 10


def run(books: Books, sent: Entry, *, has_requestid: bool) -> tuple[dict[str, Any], int]:
    """Carry out a batch. Gives the answer and how many of its items had an effect.

    The items are answered in another order than they were asked in: the real service promises none.
    """
    items = sent.get("BatchItemRequest")
    if not isinstance(items, list) or not items:
        raise Refusal(2020, "Required param missing", "BatchItemRequest is missing", element="BatchItemRequest")
    if len(items) > MOST:
        raise Refusal(1040, "Batch too large", f"The maximum number of batch items is {MOST}.")
    seen: set[str] = set()
    for item in items:
        bid = str(item.get("bId", ""))
        if not bid or bid in seen or (has_requestid and len(bid) > BID_LENGTH):
            raise Refusal(2130, "Invalid Request Id Format", f"bId “{bid}” is missing, repeated or too long")
        seen.add(bid)
    answers, effects = [], 0
    for item in items:
        answer, effect = _one(books, item)
        answers.append({**answer, "bId": item["bId"]})
        effects += effect
    return {"BatchItemResponse": answers[::-1]}, effects


def _one(books: Books, item: Entry) -> tuple[dict[str, Any], int]:
    try:
        with books.session.savepoint():
            if "Query" in item:
                return {"QueryResponse": query.run(books, item["Query"])}, 0
            kind = next((name for name in item if name.lower() in KINDS), None)
            if kind is None:
                raise Refusal(2010, "Request has invalid or unsupported property", "The item names no entity")
            return {kind: _operate(books, kind, item)}, 1
    except Refusal as refusal:
        return {"Fault": refusal.fault()}, 0


def _operate(books: Books, kind: str, item: Entry) -> Entry:
    sent = item[kind]
    allow = "allowduplicatedocnum" in str(item.get("optionsData", ""))
    match item.get("operation"):
        case "create" if not sent.get("Id"):
            return operations.create(books, kind, sent, allow_duplicate=allow)
        case "create" | "update":
            return operations.update(books, kind, sent)
        case "delete":
            return operations.delete(books, kind, sent)
        case other:
            raise Refusal(2170, "Invalid Enumeration", f"Invalid Enumeration : {other}", element="operation")
