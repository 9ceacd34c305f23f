"""The description of the books (`Books`): asked for after connecting, once a day, and when it may explain a refusal."""

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
"""The minimum age of the description before a refusal makes it due again."""


def begin_check(installation: Installation) -> None:
    """Ask for the description now, unless it is being asked for already."""
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
    """Ask for the description if that is due."""
    if installation.check_due_at is not None and installation.check_due_at <= now():
        begin_check(installation)


def is_check_due() -> ColumnElement[bool]:
    """Return the condition on `Installation` that its description is due to be asked for."""
    return Installation.check_due_at <= now()


def is_first(installation: Installation) -> bool:
    """Return True while the books are described for the first time, so that their name is not known yet."""
    return installation.checked_at is None and installation.check_due_at is None


def hasten_check(installation: Installation) -> None:
    """Ask for the description soon after a refusal, because the books may have changed. Do nothing if it was asked for
    in the last five minutes."""
    fresh = installation.checked_at is not None and installation.checked_at > now() - _SOON
    if installation.check_due_at is not None and not fresh:
        installation.check_due_at = now()


def store_description(installation: Installation, books: Books) -> None:
    """Store the description, and ask again in a day."""
    store_identity(installation, books)
    ways = books_json(books)
    installation.books_ways = {name: value for name, value in ways.items() if name not in _COLUMNS}
    installation.checked_at = now()
    postpone_check(installation)


def postpone_check(installation: Installation) -> None:
    """Ask again in a day."""
    installation.check_due_at = now() + seconds("HUB_CHECK_SECONDS", _DAY)


def store_identity(installation: Installation, books: Books) -> None:
    """Store the name, country and currency of the books."""
    installation.books_name, installation.books_country = books.name[:200], books.country[:64]
    installation.books_currency = books.currency[:3]


def known_books(installation: Installation) -> Books:
    """Return the books as last described; with defaults for what has never been described."""
    return books_of({
        **installation.books_ways, "id": installation.books_id, "name": installation.books_name,
        "country": installation.books_country, "currency": installation.books_currency,
    })  # fmt: skip


def find_last_check(installation_id: int) -> ConversationRow | None:
    """Return the latest conversation that asked for the description."""
    return session().scalar(
        select(ConversationRow)
        .where(ConversationRow.installation_id == installation_id, ConversationRow.purpose == Purpose.CHECK)
        .order_by(ConversationRow.id.desc())
        .limit(1)
    )


_COLUMNS = frozenset({"id", "name", "country", "currency"})
