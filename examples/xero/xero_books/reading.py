"""Parse Xero's times, and read long lists page by page; later passes read only what has changed."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from hub.plugin import Conversation, Sentence
from xero_books.posting import Row, send_read
from xero_books.transport import build_read

PAGE_SIZE = 500
OVERLAP = dt.timedelta(minutes=5)
"""A pass begins this long before the start of the previous one, because Xero does not document if its comparison of
times is inclusive."""

_MOMENT = re.compile(r"/Date\((-?\d+)")


def moment(text: str) -> dt.datetime:
    """Return the time in a text of Xero's: "/Date(1563753600000+0000)/", in milliseconds. Raises `ValueError`."""
    found = _MOMENT.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no moment of Xero's")
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(milliseconds=int(found[1]))


def day(text: str) -> dt.date:
    """Return the date in a text of Xero's, which is midnight UTC of that day."""
    return moment(text).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """The rows of one page, the cursor of the next page, and if there is one."""

    rows: list[Row]
    following: str
    more: bool


def read_page(name: Sentence, path: str, since: str, **parameters: str | int) -> Conversation[RowPage]:
    """Read the page at the cursor, which is written as `since|page|seen`.

    `since`: this pass reads changes from this time on; empty for all. A record that changes during the pass may move
    and be missed; the next pass finds it, because it begins before this one did (`seen`, by Xero's clock).
    """
    begun, page, seen = since.split("|") if since else ("", "1", "")
    wanted = {"page": int(page), "pageSize": PAGE_SIZE, **parameters}
    answer = yield from send_read(name, build_read(path, wanted, since=begun))
    seen = seen or (moment(answer["at"]) - OVERLAP).strftime("%Y-%m-%dT%H:%M:%S")
    found: list[Row] = answer["rows"]
    if len(found) == PAGE_SIZE and int(page) < answer["pages"]:
        return RowPage(rows=found, following=f"{begun}|{int(page) + 1}|{seen}", more=True)
    return RowPage(rows=found, following=f"{seen}|1|", more=False)

