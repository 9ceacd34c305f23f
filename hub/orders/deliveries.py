"""Putting what is to be sent in its place: one live delivery for each document or record, waiting for what it needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select

from hub.database import now, session
from hub.dispatch import leases
from hub.dispatch.outcomes import queue_if_ready
from hub.host import Order
from hub.models import Delivery, Installation
from hub.orders.cancel import cancel_unneeded, close_conversation
from hub.planning import revisions
from hub.planning.choices import Choices
from hub.plugin import RecordKind, Sale, say
from hub.serialization import Subject, subject_json, subject_of
from hub.states import DeliveryState

_D = DeliveryState
REPLACEABLE = frozenset({_D.WAITING, _D.STOPPED})
"""What sending once more may replace, as long as no write has been asked for."""


_MANY = 500
"""Sources that one query looks for."""


@dataclass(frozen=True, slots=True)
class Places:
    """The live deliveries of some sources in an installation, by source and kind: those that were there when it was
    made, and those that have been placed since. Written with the commit, all at once.
    """

    installation: Installation
    live: dict[tuple[str, str], Delivery]

    @classmethod
    def of(cls, installation: Installation, sources: Collection[str]) -> Places:
        """One query for every `_MANY` sources."""
        wanted, live = sorted(sources), dict[tuple[str, str], Delivery]()
        for first in range(0, len(wanted), _MANY):
            for row in session().scalars(_live(installation, wanted[first : first + _MANY])):
                live[row.source, row.kind] = row
        return cls(installation, live)


def place(
    places: Places, source: str, subject: Subject, title: str, by: str, *, update: bool = False
) -> Delivery:
    """Return the live delivery of a source. One that stopped or waits, and has written nothing, becomes what is sent
    now; so does one that is in the books, if it is to be updated."""
    live, installation = places.live.get((source, subject.kind)), places.installation
    if live is None or live.state is _D.CANCELLED:  # It may have been given up just now, with another order's place.
        live = Delivery(
            installation_id=installation.id, organization_id=installation.organization_id, source=source,
            kind=subject.kind, title=title, subject=subject_json(subject), state=_D.WAITING, sent_by=by,
        )  # fmt: skip
        session().add(live)
        places.live[source, subject.kind] = live
    elif _may_become(live, subject, update=update):
        live.installation_id = installation.id  # What an earlier installation posted is changed by this one.
        renew(live, subject)
        live.title, live.sent_by, live.sent_at = title, by, now()
    else:
        return live
    if subject.kind in set(RecordKind):
        queue_if_ready(live)
    return live


def _may_become(live: Delivery, subject: Subject, *, update: bool) -> bool:
    if live.state is _D.POSTED:
        sent = subject_of(live.kind, live.subject)
        return update and (revisions.is_gone(live) or any(revisions.changes(sent, subject)))
    return live.state in REPLACEABLE and not leases.write_is_asked(live.id)


def tie(delivery: Delivery, order: Order, choices: Choices, needed: list[Delivery]) -> None:
    """Make a document wait for what it needs, unless it is on its way already."""
    if delivery.state is not _D.WAITING:
        return
    before = list(delivery.needs)
    delivery.order_id, delivery.choices, delivery.needs = order.id, choices.stored(), needed
    if before:
        session().flush()
        cancel_unneeded(before)
    queue_if_ready(delivery)


def renew(delivery: Delivery, subject: Subject) -> None:
    """Begin anew with a delivery. What it has brought into the books already is changed there, unless it is gone."""
    close_conversation(delivery, say("Begun anew."))
    if not _voids(subject):
        if revisions.is_gone(delivery):
            delivery.posting_id = delivery.posting_version = ""
        subject = revisions.revision(delivery, subject)
    delivery.subject, delivery.problems, delivery.reference = subject_json(subject), [], ""
    delivery.tries, delivery.tried_since = 0, None
    if delivery.state is not _D.WAITING:
        delivery.move(_D.WAITING)


def _voids(subject: Subject) -> bool:
    return isinstance(subject, Sale) and subject.revises is not None and subject.revises.voids


def live_of(installation: Installation, source: str, kind: str) -> Delivery | None:
    """Return the delivery of a source, also what an earlier installation brought into these same books."""
    return Places.of(installation, [source]).live.get((source, kind))


def _live(installation: Installation, sources: Sequence[str]) -> Select[Delivery]:
    """Return the latest last."""
    same_books = and_(
        Installation.organization_id == installation.organization_id,
        Installation.integration == installation.integration,
        Installation.books_id == installation.books_id,
        Delivery.state == _D.POSTED,
    )
    return (
        select(Delivery)
        .join(Delivery.installation)
        .where(
            Delivery.source.in_(sources),
            Delivery.state != _D.CANCELLED,
            or_(Delivery.installation_id == installation.id, same_books),
        )
        .order_by(Delivery.id)
    )
