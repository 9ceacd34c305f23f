"""Read long lists page by page with qbXML iterators; later passes read only what has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.plugin import Conversation, Payload, Request, Sentence, say
from quickbooks_desktop import statuses
from quickbooks_desktop.asking import Row, query_rows
from quickbooks_desktop.qbxml import build_request

PAGE_SIZE = 500

OVERLAP = dt.timedelta(minutes=65)
"""A pass begins this long before the latest change that the previous pass read. QuickBooks reads the time in its
machine's local time and is off by an hour in summer; and a record may change after its page was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The position in a list, written as `since|iterator|seen`.

    `since`: this pass reads changes from this time on; empty for all. `iterator`: the iteratorID while the pass is
    under way. `seen`: the latest TimeModified that the pass has read. Times are local to QuickBooks' machine.
    """

    since: str = ""
    iterator: str = ""
    seen: str = ""

    @classmethod
    def read(cls, text: str) -> Cursor:
        since, iterator, seen = text.split("|") if text else ("", "", "")
        return cls(since=since, iterator=iterator, seen=seen)

    def __str__(self) -> str:
        return f"{self.since}|{self.iterator}|{self.seen}"

    def following(self, rows: Sequence[Row], iterator: str) -> Cursor:
        """Return the cursor after `rows`; `iterator` is empty after the last of the pass."""
        seen = max([self.seen, *(_local(row["fields"].get("TimeModified", "")) for row in rows)])
        if iterator:
            return replace(self, iterator=iterator, seen=seen)
        return Cursor(since=_subtract_overlap(seen) or self.since)


def _local(time: str) -> str:
    """Return a time without its zone, local to QuickBooks' machine: `2026-11-23T17:05:00`."""
    return time[:19]


def _subtract_overlap(seen: str) -> str:
    try:
        return (dt.datetime.fromisoformat(seen) - OVERLAP).isoformat(timespec="seconds")
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """The rows of one page, how many are left after it, the cursor of the next page, and the total of a first page."""

    rows: Sequence[Row]
    left: int
    following: Cursor
    total: int | None


def read_page(
    query: str, entries: Sentence, fields: Payload, cursor: Cursor, *, iterated: bool = True
) -> Conversation[RowPage]:
    """Read the page at `cursor`. An iterator ends with its session; then the pass starts again from the beginning.

    `fields` are the query's elements without those of the iterator; `entries` names the list: "customers".
    """
    reply = yield _build_page_request(query, entries, fields, cursor, iterated=iterated)
    if cursor.iterator and reply.payload["status"] not in statuses.FINE:
        cursor = Cursor(since=cursor.since)
        reply = yield _build_page_request(query, entries, fields, cursor, iterated=iterated)
    if failure := statuses.read_failure(reply.payload, say("the list of %(entries)s", entries=entries)):
        raise failure
    rows = reply.payload["rows"]
    left = int(reply.payload.get("iteratorRemainingCount") or 0)
    return RowPage(
        rows=rows,
        left=left,
        following=cursor.following(rows, reply.payload.get("iteratorID", "") if left else ""),
        total=None if cursor.iterator else len(rows) + left,
    )


def read_deleted(query: str, element: str, kinds: Sequence[str], since: str) -> Conversation[tuple[str, ...]]:
    """Return the ids of what was deleted since `since`, of all if it is empty. QuickBooks remembers them for 90 days.
    """
    filters: Payload = {element: list(kinds)}
    if since:
        filters["DeletedDateRangeFilter"] = {"FromDeletedDate": since}
    rows = yield from query_rows(say("look what was deleted"), query, filters, say("what was deleted"))
    return tuple(row["fields"].get("TxnID") or row["fields"]["ListID"] for row in rows)


def _build_page_request(query: str, entries: Sentence, fields: Payload, cursor: Cursor, *, iterated: bool) -> Request:
    attributes: dict[str, str] = {}
    if iterated:
        fields = {**fields, "MaxReturned": PAGE_SIZE}
        attributes = {"iterator": "Start"}
        if cursor.iterator:
            attributes = {"iterator": "Continue", "iteratorID": cursor.iterator}
    name = say("list %(entries)s", entries=entries)
    return Request(name=name, payload=build_request(query, fields, **attributes), writes=False)
