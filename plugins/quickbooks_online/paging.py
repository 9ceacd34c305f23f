"""Read long lists page by page; later passes read only what has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hub.plugin import Conversation, Request, Sentence, say
from quickbooks_online.asking import Row, quoted, send_query, write_query
from quickbooks_online.transport import CHANGES

PAGE_SIZE = 500
"""Records per page. QuickBooks returns up to 1,000; half of that keeps an answer near half a megabyte."""

NEVER_TOLD = frozenset({"TaxCode", "TaxRate"})
"""Kinds that change data capture does not cover (Intuit, change data capture)."""

DELETED = "Deleted"

OVERLAP = dt.timedelta(minutes=5)
"""A pass begins this long before the start of the previous one: records get their timestamp before they are visible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The position in a list, written as `since|position|seen`.

    `since`: this pass reads changes from this time on; empty for all. `position`: the next record of the pass, counted
    from 1. `seen`: the start of this pass by QuickBooks' clock; the next pass begins `OVERLAP` before it.
    """

    since: str = ""
    position: int = 1
    seen: str = ""

    @classmethod
    def read(cls, text: str) -> Cursor:
        if not text:
            return cls()
        since, position, seen = text.split("|")
        return cls(since=since, position=int(position), seen=seen)

    def __str__(self) -> str:
        return f"{self.since}|{self.position}|{self.seen}"

    def after(self, count: int, time: str) -> Cursor:
        """Return the cursor after a page of `count` entries that was answered at `time`. Only an empty page is the
        last: others may be shorter or longer than was asked (the tests of python-quickbooks), and then some entries
        come twice rather than not at all."""
        seen = self.seen or time
        if not count:
            return Cursor(since=_subtract_overlap(seen) or self.since)
        return Cursor(since=self.since, position=self.position + min(count, PAGE_SIZE), seen=seen)


def _subtract_overlap(time: str) -> str:
    """Return the time `OVERLAP` before `time`, or an empty string if `time` cannot be read."""
    try:
        seen = dt.datetime.fromisoformat(time)
    except ValueError:
        return ""
    return (seen - OVERLAP).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """The rows of one page, the ids of what was deleted, the cursor of the next page, and if there is one."""

    rows: Sequence[Row]
    following: str
    more: bool = False
    total: int | None = None
    deleted: tuple[str, ...] = ()


def read_page(kind: str, plural: Sentence, where: str, since: str) -> Conversation[RowPage]:
    """Read the page at the cursor `since`. Pages are ordered by id, because ids do not change during a pass.

    A record that changes after its page was read is found by the next pass, which begins before this one did.
    """
    cursor = Cursor.read(since)
    if cursor.since and cursor.position == 1 and kind not in NEVER_TOLD:
        changes = yield from _read_changes(kind, plural, cursor)
        if changes is not None:
            return changes
    changed = f"MetaData.LastUpdatedTime >= {quoted(cursor.since)}" if cursor.since else ""
    conditions = " and ".join(filter(None, (where, changed)))
    where = f"where {conditions} " if conditions else ""
    answer = yield from send_query(
        say("list %(entries)s", entries=plural),
        write_query(kind, f"{where}orderby Id startposition {cursor.position} maxresults {PAGE_SIZE}"),
        say("the list of %(entries)s", entries=plural),
        many=True,
    )
    found: list[Row] = answer["QueryResponse"].get(kind, [])
    more = bool(found)
    total = None
    if not since:  # A list of about one page is not counted by a query, because that would be another metered read.
        total = (yield from _count_rows(kind, plural, where)) if len(found) >= PAGE_SIZE else len(found)
    following = cursor.after(len(found), str(answer.get("time", "")))
    return RowPage(rows=found, following=str(following), more=more, total=total)


def _read_changes(kind: str, plural: Sentence, cursor: Cursor) -> Conversation[RowPage | None]:
    """Return the changes since the cursor by change data capture, one call for many kinds: the cheapest way to read.

    Return None if it cannot return all of them, because the time is too long ago or too much has changed.
    """
    name = say("changes of %(entries)s", entries=plural)
    reply = yield Request(name=name, payload={CHANGES: kind, "since": cursor.since}, writes=False)
    if "Fault" in reply.payload or reply.payload["is_full"]:
        return None
    rows: list[Row] = reply.payload["rows"]
    gone = tuple(row["Id"] for row in rows if row.get("status") == DELETED)
    following = Cursor(since=_subtract_overlap(str(reply.payload.get("time", ""))) or cursor.since)
    there = [row for row in rows if row.get("status") != DELETED]
    return RowPage(rows=there, following=str(following), deleted=gone)


def _count_rows(kind: str, plural: Sentence, where: str) -> Conversation[int | None]:
    statement = write_query(kind, where.rstrip(), "count(*)")
    name, subject = say("count %(entries)s", entries=plural), say("the list of %(entries)s", entries=plural)
    answer = yield from send_query(name, statement, subject)
    total = answer["QueryResponse"].get("totalCount")
    return None if total is None else int(total)
