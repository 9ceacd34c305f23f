"""Asking the books who they are and how they work: after connecting, once a day, and when a refusal may come of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, select

from hub.database import now, session
from hub.extension import seconds
from hub.models import ConversationRow, Installation, Purpose
from hub.plugin import Books
from hub.serialization import books_json, books_of
from hub.states import ConversationState

_DAY = 86400.0
_SOON = dt.timedelta(minutes=5)
"""How old an answer must be before a refusal has the books asked again."""


def begin(installation: Installation) -> None:
    """Ask now, unless they are being asked."""
    running = session().scalar(
        select(ConversationRow.id).where(
            ConversationRow.installation_id == installation.id,
            ConversationRow.purpose == Purpose.CHECK,
            ConversationRow.state == ConversationState.OPEN,
        )
    )
    installation.check_due_at = None
    if running is None:
        session().add(ConversationRow(installation_id=installation.id, purpose=Purpose.CHECK, argument={}))
        session().flush()


def begin_due_check(installation: Installation) -> None:
    """Ask, if it is time."""
    if installation.check_due_at is not None and installation.check_due_at <= now():
        begin(installation)


def is_check_due() -> ColumnElement[bool]:
    """Return True if it is time to ask, as a condition on `Installation`."""
    return Installation.check_due_at <= now()


def is_first(installation: Installation) -> bool:
    """Return True if they are being asked for the first time, so that nobody knows yet whose books they are."""
    return installation.checked_at is None and installation.check_due_at is None


def hasten_check(installation: Installation) -> None:
    """The books refused something: perhaps they work otherwise by now than we know. Ask soon, but not each time."""
    fresh = installation.checked_at is not None and installation.checked_at > now() - _SOON
    if installation.check_due_at is not None and not fresh:
        installation.check_due_at = now()


def store_description(installation: Installation, books: Books) -> None:
    """Keep what they said, and ask again in a day."""
    identify(installation, books)
    ways = books_json(books)
    installation.books_ways = {name: value for name, value in ways.items() if name not in _COLUMNS}
    installation.checked_at = now()
    postpone_check(installation)


def postpone_check(installation: Installation) -> None:
    """Ask again in a day."""
    installation.check_due_at = now() + seconds("HUB_CHECK_SECONDS", _DAY)


def identify(installation: Installation, books: Books) -> None:
    """Keep whose books they are."""
    installation.books_name, installation.books_country = books.name[:200], books.country[:64]
    installation.books_currency = books.currency[:3]


def known_books(installation: Installation) -> Books:
    """Return the books as we know them: without any particulars before they were first asked."""
    return books_of({
        **installation.books_ways, "id": installation.books_id, "name": installation.books_name,
        "country": installation.books_country, "currency": installation.books_currency,
    })  # fmt: skip


def find_last_check(installation_id: int) -> ConversationRow | None:
    """Return the latest time that they were asked."""
    return session().scalar(
        select(ConversationRow)
        .where(ConversationRow.installation_id == installation_id, ConversationRow.purpose == Purpose.CHECK)
        .order_by(ConversationRow.id.desc())
        .limit(1)
    )


_COLUMNS = frozenset({"id", "name", "country", "currency"})
