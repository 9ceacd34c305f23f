"""Webhooks: a ledger tells us that something has changed. We only mark what to fetch, so that it is answered at once.

Webhooks may be incomplete, out of order or repeated. The next fetch brings the current state in any case. However many
arrive, each list becomes due once, a little later.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial

from sqlalchemy import select

from hub import events, scope
from hub.books import record_changes
from hub.books.record_changes import NEVER_SEEN
from hub.books.refresh import settling_time
from hub.database import now, session
from hub.errors import NotFound
from hub.extension import answer_time, current, settings_of
from hub.integrations import timeouts
from hub.models import Installation, Listing
from hub.plugin import Change, PushIntegration, RecordKind, say
from hub.queue import commit
from hub.states import InstallationState

_CROWD = 100
"""So many changes of a list are news without looking at each."""


def receive_webhook(key: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Store what a webhook says. Books that are not connected are ignored.

    Raises `NotFound` if there is no such integration, `Rejected` if the webhook does not come from the ledger.
    """
    integration = current().integrations.get(key)
    if not isinstance(integration, PushIntegration):
        raise NotFound(say("There is no such integration here."))
    told: defaultdict[str, list[Change]] = defaultdict(list)
    settings = settings_of(integration)
    parse = partial(integration.parse_webhook, body, headers, settings)
    for change in timeouts.call_within(key, "parse_webhook", answer_time(), lambda: tuple(parse())):
        told[change.books_id].append(change)
    concerned = _find_connected(key, told)
    for installation_id, books_id in concerned:
        scope.lock_installation(installation_id)
        _mark_changed(installation_id, told[books_id])
        _merge_records(installation_id, told[books_id])
        commit()  # One after the other, so that nobody waits for books that are none of his.
    events.emit(events.WEBHOOK, integration=key, size=len(concerned), outcome="accepted" if concerned else "unknown")


def _find_connected(key: str, books: Iterable[str]) -> list[tuple[int, str]]:
    query = select(Installation.id, Installation.books_id).where(
        Installation.integration == key,
        Installation.books_id.in_(list(books)),
        Installation.state != InstallationState.REMOVED,
    )
    return [(installation_id, books_id) for installation_id, books_id in session().execute(query)]


def _mark_changed(installation_id: int, changes: Iterable[Change]) -> None:
    """Make lists due soon, or due again if they are being fetched."""
    told: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for change in changes:
        at = change.at.astimezone(dt.UTC).isoformat() if change.at else NEVER_SEEN
        entries = told[str(change.kind)]
        entries[change.id] = max(at, entries.get(change.id, ""))
    soon = now() + settling_time()
    query = select(Listing).where(Listing.installation_id == installation_id, Listing.kind.in_(told))
    for listing in session().scalars(query):
        known = {**listing.told, **told[listing.kind]}
        listing.told = known if len(known) <= _CROWD else {"": NEVER_SEEN}
        if listing.due_at is not None:
            listing.due_at = min(listing.due_at, soon)


def _merge_records(installation_id: int, changes: Iterable[Change]) -> None:
    """Store merges at once: they are reported only here, and lists do not show them."""
    merged: defaultdict[RecordKind, dict[str, str]] = defaultdict(dict)
    for change in changes:
        if isinstance(change.kind, RecordKind):
            merged[change.kind] |= dict(change.merged)
    for kind, pairs in merged.items():
        record_changes.merge_records(installation_id, kind, list(pairs.items()))
