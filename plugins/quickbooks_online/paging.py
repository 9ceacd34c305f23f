"""Reading what is long, page by page, and afterwards only what has changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from hub.plugin import Conversation, Request, Sentence, say
from quickbooks_online.asking import Row, look, quoted, select
from quickbooks_online.carrier import CHANGES

PAGE_SIZE = 500
"""How many entries a page holds. QuickBooks gives up to 1,000; half of that keeps an answer near half a megabyte."""

NEVER_TOLD = frozenset({"TaxCode", "TaxRate"})
"""Kinds whose changes QuickBooks does not tell (Intuit, change data capture)."""

DELETED = "Deleted"

OVERLAP = dt.timedelta(minutes=5)
"""How far before the last look the next one begins: an entry is stamped before it can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a list has been read, written as `since|position|seen`.

    `since` is the change that this pass begins with, empty for all; `position` the next entry of the pass, counted from
    1; `seen` when the pass began by QuickBooks' clock, which is where the next pass begins.
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
        """Return the cursor after a page of `count` entries that was answered at `time`."""
        seen = self.seen or time
        if count < PAGE_SIZE:
            return Cursor(since=_before(seen) or self.since)
        return Cursor(since=self.since, position=self.position + count, seen=seen)


def _before(time: str) -> str:
    """Somewhat before `time`. Empty if QuickBooks told no time that can be read; the next pass then reads all."""
    try:
        seen = dt.datetime.fromisoformat(time)
    except ValueError:
        return ""
    return (seen - OVERLAP).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The rows of one page, the ids of what was deleted, the cursor that goes on, and whether there is more."""

    rows: Sequence[Row]
    following: str
    more: bool = False
    total: int | None = None
    deleted: tuple[str, ...] = ()


def stretch(kind: str, plural: Sentence, where: str, since: str) -> Conversation[Stretch]:
    """Ask the page that the cursor `since` stands before, in the order of the ids, which never changes meanwhile.

    An entry that changes behind our back during a pass is brought by the next one, which begins before this one did.
    """
    cursor = Cursor.read(since)
    if cursor.since and cursor.position == 1 and kind not in NEVER_TOLD:
        changes = yield from _changes(kind, plural, cursor)
        if changes is not None:
            return changes
    changed = f"MetaData.LastUpdatedTime >= {quoted(cursor.since)}" if cursor.since else ""
    conditions = " and ".join(filter(None, (where, changed)))
    where = f"where {conditions} " if conditions else ""
    answer = yield from look(
        say("list %(entries)s", entries=plural),
        select(kind, f"{where}orderby Id startposition {cursor.position} maxresults {PAGE_SIZE}"),
        say("the list of %(entries)s", entries=plural),
    )
    found: list[Row] = answer["QueryResponse"].get(kind, [])
    more = len(found) == PAGE_SIZE
    total = None
    if not since:  # A list that fits one page needs no counting, which would be a read more of those that are metered.
        total = (yield from _count(kind, plural, where)) if more else len(found)
    following = cursor.after(len(found), str(answer.get("time", "")))
    return Stretch(rows=found, following=str(following), more=more, total=total)


def _changes(kind: str, plural: Sentence, cursor: Cursor) -> Conversation[Stretch | None]:
    """Return what has changed since, from the one call that tells it of many kinds: the cheapest way to read.

    None if that cannot tell all of it, because the moment is too long ago or too much has changed.
    """
    name = say("changes of %(entries)s", entries=plural)
    reply = yield Request(name=name, payload={CHANGES: kind, "since": cursor.since}, writes=False)
    if "Fault" in reply.payload or reply.payload["is_full"]:
        return None
    rows: list[Row] = reply.payload["rows"]
    gone = tuple(row["Id"] for row in rows if row.get("status") == DELETED)
    following = Cursor(since=_before(str(reply.payload.get("time", ""))) or cursor.since)
    there = [row for row in rows if row.get("status") != DELETED]
    return Stretch(rows=there, following=str(following), deleted=gone)


def _count(kind: str, plural: Sentence, where: str) -> Conversation[int | None]:
    statement = select(kind, where.rstrip(), "count(*)")
    name, subject = say("count %(entries)s", entries=plural), say("the list of %(entries)s", entries=plural)
    answer = yield from look(name, statement, subject)
    total = answer["QueryResponse"].get("totalCount")
    return None if total is None else int(total)
