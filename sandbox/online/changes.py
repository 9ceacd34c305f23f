"""Change data capture: the changes since a time, for many kinds in one call."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sandbox.online import operations
from sandbox.online.refusals import Refusal, missing, unreadable
from sandbox.online.rules import KINDS
from sandbox.online.storage import Books, Entry

MOST = 1000
LOOK_BACK = dt.timedelta(days=30)
NEVER = frozenset({"TaxCode", "TaxRate"})
"""Kinds that change data capture does not cover."""


def since(books: Books, kinds: str, moment: str) -> dict[str, Any]:
    """Return the changed entries of each kind, then the deleted ones: at most 1000 together, at most 30 days old."""
    wanted = [name.strip() for name in kinds.split(",") if name.strip()]
    if not wanted:
        raise missing("entities")
    start, answers, room = _moment(books, moment), [], MOST
    for name in wanted:
        kind = KINDS.get(name.lower())
        if kind is None or kind in NEVER:
            raise unreadable("entities")
        rows = _changed(books, kind, start)[:room]
        room -= len(rows)
        answers.append({kind: rows, "startPosition": 1, "maxResults": len(rows)} if rows else {})
    return {"QueryResponse": answers}


def _changed(books: Books, kind: str, start: dt.datetime) -> list[Entry]:
    rows = [row for row in books.all(kind) if dt.datetime.fromisoformat(row["MetaData"]["LastUpdatedTime"]) >= start]
    deleted = [
        {"status": "Deleted", "domain": "QBO", "Id": entry_id, "MetaData": {"LastUpdatedTime": at}}
        for entry_id, at in books.dropped(kind)
        if dt.datetime.fromisoformat(at) >= start
    ]
    return [*operations.show(books, kind, rows), *deleted]


def _moment(books: Books, text: str) -> dt.datetime:
    """Return the time in a text. A space counts as `+`, because some clients do not escape it in the URL."""
    try:
        start = dt.datetime.fromisoformat(text.strip().replace(" ", "+"))
    except ValueError:
        raise unreadable("changedSince") from None
    start = start if start.tzinfo else start.replace(tzinfo=dt.UTC)
    if start < books.session.now() - LOOK_BACK:
        raise Refusal(2030, "Invalid date", "changedSince is more than 30 days ago.", element="changedSince")
    return start
