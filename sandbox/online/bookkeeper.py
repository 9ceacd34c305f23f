"""Simulate Bea, the bookkeeper of the lived-in company, who changes the books after an app has read them.

She makes her changes once, as soon as an app has entered its first invoice. The lists that the app has read before are
then out of date, as in real life, and QuickBooks refuses documents that the app considers valid.
"""

from __future__ import annotations

import contextlib

from sandbox.online import operations
from sandbox.online.refusals import Refusal
from sandbox.online.storage import Books

CLOSED = "2026-10-17"
"""She closes the books up to and including this day."""

LEFT = "O'Brien Landscaping"
"""A customer that she makes inactive."""

ARCHIVED = "B3301"
"""A discontinued product that she makes inactive."""

LAWYERS = "Beacon Law Group"
"""She creates a vendor of this name. Names are shared by all lists, so an app cannot create a customer of this name."""

_WAITS = "bookkeeper"


def engage(books: Books) -> None:
    """Let her change these books after an app's next invoice."""
    books.session.set_fact(_WAITS, books.realm)


def look_in(books: Books, kind: str) -> None:
    """Let her make her changes if an app has entered an invoice and she has not made them yet."""
    if kind == "Invoice" and books.session.fact(_WAITS) == books.realm:
        books.session.forget(_WAITS)
        _work(books)


def close(books: Books, day: str) -> None:
    """Close the books up to and including a day."""
    preferences = books.preferences()
    preferences["AccountingInfoPrefs"] = {**preferences["AccountingInfoPrefs"], "BookCloseDate": day}
    books.change("Preferences", preferences)


def _work(books: Books) -> None:
    close(books, CLOSED)
    for kind, name, wanted in (("Customer", "DisplayName", LEFT), ("Item", "Name", ARCHIVED)):
        for entry in books.all(kind):
            if entry[name] == wanted:
                books.change(kind, {**entry, "Active": False})
    with contextlib.suppress(Refusal), books.session.savepoint():  # An app may have used the name before.
        operations.create(books, "Vendor", {"DisplayName": LAWYERS, "CompanyName": LAWYERS})
