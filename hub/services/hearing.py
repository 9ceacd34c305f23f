"""What a ledger tells us by itself: it only marks what is to be read again, so that the answer is given at once.

Telling is not trusted to be complete, in order, or once: whatever was told, the next look brings what is there. A
storm of it makes each list due once, a short while later; the looks at all of them share one trip.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import case, literal, select, update

from hub.database import Moment, now, session
from hub.errors import NotFound
from hub.extension import current, settings_of
from hub.models import Installation, Listing
from hub.plugin import Change, PushIntegration, RecordKind
from hub.queue import commit
from hub.services import changing, fetching, scope
from hub.states import InstallationState


def hear(key: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Take what the ledger of an integration tells. What is of books that nobody has connected is no matter.

    Raises `NotFound` if the integration is not here, `Rejected` if it was not the ledger that told it.
    """
    integration = current().integrations.get(key)
    if not isinstance(integration, PushIntegration):
        raise NotFound("There is no such integration here.")
    told: defaultdict[str, list[Change]] = defaultdict(list)
    for change in integration.hear(body, headers, settings_of(integration)):
        told[change.books_id].append(change)
    for installation_id, books_id in _connected(key, told):
        _mark(installation_id, {str(change.kind) for change in told[books_id]})
        _merge(installation_id, told[books_id])
    commit()


def _connected(key: str, books: Iterable[str]) -> list[tuple[int, str]]:
    query = select(Installation.id, Installation.books_id).where(
        Installation.integration == key,
        Installation.books_id.in_(list(books)),
        Installation.state != InstallationState.REMOVED,
    )
    return [(installation_id, books_id) for installation_id, books_id in session().execute(query)]


def _mark(installation_id: int, kinds: set[str]) -> None:
    """Have lists looked at soon, or once more if they are being read. One statement, which a carrier that reads them
    at this moment either sees or waits for.
    """
    soon = now() + fetching.settling()
    session().execute(
        update(Listing)
        .where(Listing.installation_id == installation_id, Listing.kind.in_(kinds))
        .values(told=True, due_at=case((Listing.due_at > soon, literal(soon, Moment())), else_=Listing.due_at))
        .execution_options(synchronize_session=False)
    )


def _merge(installation_id: int, changes: Iterable[Change]) -> None:
    """Take over at once that entries have become part of others: nobody tells it again, and no list shows it."""
    merged: defaultdict[RecordKind, dict[str, str]] = defaultdict(dict)
    for change in changes:
        if isinstance(change.kind, RecordKind):
            merged[change.kind] |= dict(change.merged)
    if any(merged.values()):
        scope.lock(installation_id)
        for kind, pairs in merged.items():
            changing.merge(installation_id, kind, list(pairs.items()))
