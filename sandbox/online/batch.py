"""The batch call: up to 30 items, each carried out independently."""

from __future__ import annotations

from typing import Any

from sandbox.online import bookkeeper, operations, query
from sandbox.online.refusals import Refusal, business, missing, unreadable, unsupported
from sandbox.online.rules import KINDS
from sandbox.online.storage import Books, Entry

MOST = 30
MOST_OBJECTS = 1000
"""So many objects are in the answer of a batch, at most. What becomes of more is not documented; here it is refused."""
BID_LENGTH = 10


def run(books: Books, sent: Entry, *, has_requestid: bool) -> tuple[Entry, int]:
    """Carry out a batch. Return the answer and the number of items that had an effect.

    The answers are in reverse order, because the real service promises no order.
    """
    items = _items(sent, has_requestid=has_requestid)
    answers, effects, objects = list[Entry](), 0, 0
    for item in items:
        answer, effect = _one(books, item)
        objects += _count(answer)
        if objects > MOST_OBJECTS:
            answer = {"Fault": business(f"A batch is answered with {MOST_OBJECTS:,} objects at most.").fault()}
        answers.append({**answer, "bId": item["bId"]})
        effects += effect
    return {"BatchItemResponse": answers[::-1]}, effects


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


def _count(answer: Entry) -> int:
    rows = answer.get("QueryResponse", {})
    return sum(len(value) for value in rows.values() if isinstance(value, list)) or 1


def _operation(kind: str, item: Entry) -> tuple[str, str]:
    """Return the operation and the options of an item: bare words with commas between them (Intuit's .NET SDK, issue
    175). Anything else in `optionsData` is ignored. A void is an update with the option `void`, and not of payments
    (Intuit, batch)."""
    operation, options = str(item.get("operation") or ""), str(item.get("optionsData") or "")
    if operation.lower() == "void" or (kind == "Payment" and "void" in options.lower().split(",")):
        raise unsupported(f"void of {kind} in a batch")
    return operation, options


def _one(books: Books, item: Entry) -> tuple[dict[str, Any], int]:
    try:
        with books.session.savepoint():
            if "Query" in item:
                return {"QueryResponse": query.run(books, str(item["Query"]))}, 0
            name = next((name for name in item if name.lower() in KINDS), None)
            if name is None or not isinstance(item[name], dict):
                raise unreadable(name or "BatchItemRequest")
            kind = KINDS[name.lower()]
            operation, include = _operation(kind, item)
            entry = operations.carry_out(books, kind, item[name], operation=operation, include=include)
            bookkeeper.look_in(books, kind)
            return {kind: entry}, 1
    except Refusal as refusal:
        return {"Fault": refusal.fault()}, 0
