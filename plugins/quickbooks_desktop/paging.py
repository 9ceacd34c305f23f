"""Reading what is long, a stretch of an iterator at a time, and afterwards only what has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.plugin import Conversation, Payload, Request, Sentence, say
from quickbooks_desktop import statuses
from quickbooks_desktop.asking import Row, look
from quickbooks_desktop.qbxml import asked

PAGE_SIZE = 500

OVERLAP = dt.timedelta(minutes=65)
"""How far before the last change that we saw the next look begins. QuickBooks reads the moment in its machine's local
time and gets it wrong by an hour in summer; and while a list is read, an entry that was read already may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a list has been read, written as `since|iterator|seen`.

    `since` is the change that this pass begins with, empty for all; `iterator` names the pass while it goes on; `seen`
    is the latest change of all that was read in it.
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
        return Cursor(since=_before(seen) or self.since)


def _local(time: str) -> str:
    """Return a moment as the clock on QuickBooks' machine showed it: `2026-11-23T17:05:00`."""
    return time[:19]


def _before(seen: str) -> str:
    try:
        return (dt.datetime.fromisoformat(seen) - OVERLAP).isoformat(timespec="seconds")
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The rows of one stretch, how many are left after it, and the cursor that goes on from there."""

    rows: Sequence[Row]
    left: int
    following: Cursor
    total: int | None


def stretch(
    query: str, entries: Sentence, fields: Payload, cursor: Cursor, *, iterated: bool = True
) -> Conversation[Stretch]:
    """Ask the stretch that `cursor` stands before. An iterator lives in one session; after that the pass begins anew.

    `fields` without what iterates; `entries` is what it is of, "customers".
    """
    reply = yield _request(query, entries, fields, cursor, iterated=iterated)
    if cursor.iterator and reply.payload["status"] not in statuses.FINE:
        cursor = Cursor(since=cursor.since)
        reply = yield _request(query, entries, fields, cursor, iterated=iterated)
    if failure := statuses.failure(reply.payload, say("the list of %(entries)s", entries=entries)):
        raise failure
    rows = reply.payload["rows"]
    left = int(reply.payload.get("iteratorRemainingCount") or 0)
    return Stretch(
        rows=rows,
        left=left,
        following=cursor.following(rows, reply.payload.get("iteratorID", "") if left else ""),
        total=None if cursor.iterator else len(rows) + left,
    )


def gone(query: str, element: str, kinds: Sequence[str], since: str) -> Conversation[tuple[str, ...]]:
    """Return the ids of what was deleted since, or at all if `since` is empty. QuickBooks remembers that for 90 days.
    """
    filters: Payload = {element: list(kinds)}
    if since:
        filters["DeletedDateRangeFilter"] = {"FromDeletedDate": since}
    rows = yield from look(say("look what was deleted"), query, filters, say("what was deleted"))
    return tuple(row["fields"].get("TxnID") or row["fields"]["ListID"] for row in rows)


def _request(query: str, entries: Sentence, fields: Payload, cursor: Cursor, *, iterated: bool) -> Request:
    attributes: dict[str, str] = {}
    if iterated:
        fields = {**fields, "MaxReturned": PAGE_SIZE}
        attributes = {"iterator": "Start"}
        if cursor.iterator:
            attributes = {"iterator": "Continue", "iteratorID": cursor.iterator}
    name = say("list %(entries)s", entries=entries)
    return Request(name=name, payload=asked(query, fields, **attributes), writes=False)
