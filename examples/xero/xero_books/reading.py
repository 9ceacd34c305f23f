"""Reading Xero's moments, and reading long lists page by page and afterwards what has changed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from hub.plugin import Conversation, Sentence
from xero_books.carrier import read
from xero_books.posting import Row, rows

PAGE_SIZE = 500
OVERLAP = dt.timedelta(minutes=5)
"""How far before the last look the next one begins; whether Xero's own comparison is inclusive is not documented."""

_MOMENT = re.compile(r"/Date\((-?\d+)")


def moment(text: str) -> dt.datetime:
    """Return a moment as Xero writes it: "/Date(1563753600000+0000)/", in milliseconds."""
    found = _MOMENT.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment of Xero's")
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=int(found[1]))


def day(text: str) -> dt.date:
    """Return the date of a document, which is midnight UTC of its day."""
    return moment(text).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The rows of one page, the cursor that goes on, and whether there is more."""

    rows: list[Row]
    following: str
    more: bool


def stretch(name: Sentence, path: str, since: str, **parameters: str | int) -> Conversation[Stretch]:
    """Ask the page that the cursor stands before, written as `since|page|seen`.

    `since` is the change that this pass begins with, empty for all. An entry that changes meanwhile may move and be
    passed over; the next pass brings it, because that begins before this one did (`seen`, by Xero's clock).
    """
    begun, page, seen = since.split("|") if since else ("", "1", "")
    wanted = {"page": int(page), "pageSize": PAGE_SIZE, **parameters}
    answer = yield from rows(name, read(path, wanted, since=begun))
    seen = seen or (moment(answer["at"]) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S")
    found: list[Row] = answer["rows"]
    if len(found) == PAGE_SIZE and int(page) < answer["pages"]:
        return Stretch(rows=found, following=f"{begun}|{int(page) + 1}|{seen}", more=True)
    return Stretch(rows=found, following=f"{seen}|1|", more=False)

