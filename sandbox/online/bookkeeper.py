"""Bea, who keeps the lived-in books: an app's idea of them is from before what she does.

She works in them once, as soon as an app has entered its first invoice: what it has read of the lists before is out of
date then, as it is in life, and what it sends meets with refusals that nobody could have foreseen.
"""

from __future__ import annotations

import contextlib

from sandbox.online import operations
from sandbox.online.refusals import Refusal
from sandbox.online.storage import Books

CLOSED = "2026-10-17"
"""She closes the books through this day."""

LEFT = "O'Brien Landscaping"
"""A customer who has gone elsewhere: she makes it inactive."""

ARCHIVED = "B3301"
"""A product that is sold no more: she makes it inactive."""

LAWYERS = "Beacon Law Group"
"""She enters a vendor of this name, and a name serves all lists: an order desk may think it is a new customer's."""

_WAITS = "bookkeeper"


def engage(books: Books) -> None:
    """Let her work in these books when the time has come."""
    books.session.set_fact(_WAITS, books.realm)


def look_in(books: Books, kind: str) -> None:
    """An app has entered something of a kind."""
    if kind == "Invoice" and books.session.fact(_WAITS) == books.realm:
        books.session.forget(_WAITS)
        _work(books)


def close(books: Books, day: str) -> None:
    """Close the books through a day."""
    preferences = books.preferences()
    preferences["AccountingInfoPrefs"] = {**preferences["AccountingInfoPrefs"], "BookCloseDate": day}
    books.change("Preferences", preferences)


def _work(books: Books) -> None:
    close(books, CLOSED)
    for kind, name, wanted in (("Customer", "DisplayName", LEFT), ("Item", "Name", ARCHIVED)):
        for entry in books.all(kind):
            if entry[name] == wanted:
                books.change(kind, {**entry, "Active": False})
    with contextlib.suppress(Refusal), books.session.savepoint():  # An app may have entered the name before her.
        operations.create(books, "Vendor", {"DisplayName": LAWYERS, "CompanyName": LAWYERS})
