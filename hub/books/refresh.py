"""Refreshing our copy of the lists and the history: when each is fetched, and how a page of it is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from hub.books import description, history, record_changes, usage
from hub.database import now, session
from hub.extension import seconds
from hub.models import ConversationRow, Installation, Listing, Purpose, RecordRow, Word
from hub.models.books import listed_kind
from hub.plugin import Integration, Listed, Page, Record, RecordKind, TransactionKind
from hub.states import ConversationState

_RETRY = 600.0  # Seconds until a list that could not be fetched is tried again.
_SETTLE = 30.0  # Seconds from a change that we are told of until it is read, so that a storm of them is read once.


def find_listings(installation_id: int) -> list[Listing]:
    """Return the progress of each list and history of an installation."""
    return list(session().scalars(select(Listing).where(Listing.installation_id == installation_id)))


def refresh_lists(installation: Installation, integration: Integration) -> None:
    """Have all lists fetched: completely the first time, afterwards what changed since."""
    known = {listing.kind: listing for listing in find_listings(installation.id)}
    for kind in _list_kinds(installation, integration):
        listing = known.get(kind)
        if listing is None:
            session().add(Listing(installation_id=installation.id, kind=kind, due_at=now()))
        elif listing.due_at is not None:  # Otherwise it is being fetched right now.
            listing.due_at, listing.problem = now(), ""


def follow_lists(installation: Installation, integration: Integration) -> None:
    """Begin with lists that the company has started to use, such as classes."""
    known = {listing.kind for listing in find_listings(installation.id)}
    for kind in _list_kinds(installation, integration):
        if known and kind not in known:
            session().add(Listing(installation_id=installation.id, kind=kind, due_at=now()))


def _list_kinds(installation: Installation, integration: Integration) -> list[Listed]:
    books = description.known_books(installation)
    used = [kind for kind in integration.capabilities.lists if books.tracks(kind)]
    return [*used, *integration.capabilities.history]


def refresh_history(installation_id: int) -> None:
    """Make the history due now."""
    for listing in find_listings(installation_id):
        if listing.kind in set(TransactionKind) and listing.due_at is not None:
            listing.due_at = now()


def begin_due_lists(installation: Installation, limit: int, kinds: Sequence[Listed]) -> list[ConversationRow]:
    """Begin the conversations for those of `kinds` that are due. `due_at` is empty while one is going on."""
    due = session().scalars(
        select(Listing)
        .where(
            Listing.installation_id == installation.id,
            Listing.due_at <= now(),
            Listing.kind.in_([str(kind) for kind in kinds]),
        )
        .order_by(Listing.due_at)
        .limit(limit)
    )
    begun: list[ConversationRow] = []
    found = due.all()
    spent = bool(found) and usage.is_spent(installation.integration)
    for listing in found:
        if spent:
            _pause_list(listing, usage.describe_spent(installation.integration))
            continue
        if _is_no_news(listing):
            refreshed_at = listing.refreshed_at or now()
            listing.told, listing.due_at = {}, refreshed_at + _refresh_interval(listed_kind(listing.kind))
            continue
        if not listing.loading:
            listing.loading, listing.loaded, listing.total = True, 0, None
        listing.told = {}
        begun.append(_begin_fetch(listing))
    return begun


def is_loading(installation_id: int) -> bool:
    """Return True if a page of a list is being fetched, or is the next to be fetched."""
    arguments = session().scalars(
        select(ConversationRow.argument).where(
            ConversationRow.installation_id == installation_id,
            ConversationRow.purpose == Purpose.FETCH,
            ConversationRow.state == ConversationState.OPEN,
        )
    )
    return any(isinstance(listed_kind(argument["kind"]), RecordKind) for argument in arguments)


def store_page(row: ConversationRow, page: Page) -> None:
    """Store a page; begin the next one at once if there is more."""
    kind = listed_kind(row.argument["kind"])
    if isinstance(kind, TransactionKind):
        history.store_transactions(row.installation_id, kind, page.transactions)
        history.mark_transactions_deleted(row.installation_id, kind, page.deleted)
    else:
        store_records(row.installation_id, kind, page.records)
        record_changes.mark_records_deleted(row.installation_id, kind, page.deleted)
        if page.is_snapshot:
            record_changes.mark_others_deleted(row.installation_id, kind, page.records)
        record_changes.merge_records(row.installation_id, kind, page.merged)
    listing = session().get_one(Listing, (row.installation_id, str(kind)))
    listing.cursor, listing.problem = page.cursor, ""
    listing.loaded += len(page.records) + len(page.transactions)
    if page.total is not None:
        listing.total = page.total
    if page.more and usage.is_spent(row.installation.integration):
        _pause_list(listing, usage.describe_spent(row.installation.integration))
    elif page.more:
        _begin_fetch(listing)
    else:
        listing.loading, listing.refreshed_at = False, now()
        listing.due_at = now() + (settling_time() if listing.told else _refresh_interval(kind))


def settling_time() -> dt.timedelta:
    """Return the pause between a webhook and the fetch that it causes: `HUB_SETTLE_SECONDS`, 30."""
    return seconds("HUB_SETTLE_SECONDS", _SETTLE)


def postpone_list(row: ConversationRow, problem: str) -> None:
    """Store why a page could not be fetched, and try again later from the same place."""
    listing = session().get_one(Listing, (row.installation_id, row.argument["kind"]))
    _pause_list(listing, problem)


def store_records(installation_id: int, kind: RecordKind, records: Sequence[Record]) -> None:
    """Insert or update entries of a list, in a few statements however many there are."""
    known = {
        row.record_id: row
        for row in session().scalars(
            select(RecordRow).where(
                RecordRow.installation_id == installation_id,
                RecordRow.kind == kind,
                RecordRow.record_id.in_([record.id for record in records]),
            )
        )
    }
    for record in records:
        row = known.get(record.id)
        if row is None:
            row = known[record.id] = RecordRow(installation_id=installation_id, kind=kind, record_id=record.id)
            session().add(row)
        row.copy_from(record)
    session().flush()
    rows = [known[record.id] for record in records]
    session().execute(delete(Word).where(Word.record_id.in_([row.id for row in rows])))
    words = [
        {"record_id": row.id, "word": word, "installation_id": installation_id, "kind": kind}
        for row in {row.id: row for row in rows}.values() for word in row.words
    ]  # fmt: skip
    if words:
        session().execute(insert(Word), words)


def _refresh_interval(kind: Listed) -> dt.timedelta:
    """Return the pause between two fetches. It is shorter for the history, where new payments appear."""
    if isinstance(kind, TransactionKind):
        return seconds("HUB_HISTORY_SECONDS", 3600)
    return seconds("HUB_LISTS_SECONDS", 6 * 3600)


def _pause_list(listing: Listing, problem: str) -> None:
    listing.problem, listing.due_at = problem, now() + seconds("HUB_LISTS_RETRY_SECONDS", _RETRY)


def _is_no_news(listing: Listing) -> bool:
    """Return True if a list is due only because of webhooks about changes that we have seen already, such as our own
    writes."""
    regular = (listing.refreshed_at or now()) + _refresh_interval(listed_kind(listing.kind))
    told = bool(listing.told) and not listing.loading and regular > now()
    return told and record_changes.is_seen(listing.installation_id, listed_kind(listing.kind), listing.told)


def _begin_fetch(listing: Listing) -> ConversationRow:
    row = ConversationRow(
        installation_id=listing.installation_id,
        purpose=Purpose.FETCH,
        argument={"kind": listing.kind, "since": listing.cursor},
    )
    listing.due_at = None
    session().add(row)
    session().flush()
    return row
