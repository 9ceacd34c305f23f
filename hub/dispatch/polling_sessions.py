"""The session that a ticket names, and what a call changes of it.

A call that hands out what lies ready, or takes an answer in, is made of these statements and nothing else. Each is
composed once: composing one costs more than running it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ScalarSelect, Table, and_, bindparam, case, exists, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from hub.database import execute_alone, now, session
from hub.dispatch import batches
from hub.models import BatchRow, Delivery, Endpoint, Lease, LeaseKind, Listing
from hub.models.moves import update_state
from hub.queue import rollback
from hub.states import BatchState, DeliveryState

LITTLE = 25
"""How many answers are read, or requests packed, within a call: no worker would be quicker."""

_PAGE = 500  # About how many entries of a list an answer holds.
_GOING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Session:
    """How far the session of a ledger is."""

    dialect: str
    complaint: str
    waits_since: dt.datetime | None
    attended_until: dt.datetime | None

    @property
    def is_attended(self) -> bool:
        """Whether somebody is about to send something."""
        return self.attended_until is not None and self.attended_until > now()


@dataclass(frozen=True, slots=True)
class Collected(Session):
    """What lay ready, None if nothing did; and whether that is because a worker is at it."""

    body: str | None
    is_much: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer was to: so many requests. And the batch that goes next, if one lies ready."""

    size: int
    next_id: int | None
    asked: int
    remaining: int

    @property
    def progress(self) -> int:
        """How much of the session is done, as `progress` says."""
        return percent_done(self.asked, self.remaining)


_endpoint, _batch = cast(Table, Endpoint.__table__).c, cast(Table, BatchRow.__table__).c
_state = (_endpoint.dialect, _endpoint.complaint, _endpoint.waits_since, _endpoint.attended_until)
_installation = bindparam("installation", type_=_endpoint.installation_id.type)
_moment, _until = (bindparam(name, type_=_endpoint.ticket_until.type) for name in ("moment", "until"))
_mine = (_endpoint.installation_id == _installation, _endpoint.ticket == bindparam("named"))

_may_take = and_(_endpoint.complaint == "", _endpoint.dialect != "")
_ready = batches.ready_batch_id(_installation, _moment)
_collected = select(_batch.body).where(_batch.id == _ready).scalar_subquery()
_begun = select(_batch.size).where(_batch.id == _ready, _batch.id.is_distinct_from(_endpoint.batch_id))
_is_much = or_(
    exists().where(
        BatchRow.installation_id == _installation, BatchRow.state == BatchState.RECEIVED, BatchRow.size > LITTLE
    ),
    exists().where(
        Lease.kind == LeaseKind.DELIVERIES, Lease.installation_id == _installation, Lease.until >= _moment
    ),
)
_deliveries = (
    select(func.count(Delivery.id))
    .where(Delivery.installation_id == _installation, Delivery.state.in_(_GOING))
    .scalar_subquery()
)
_pages = (
    select(func.sum(1 + (func.coalesce(Listing.total, Listing.loaded) - Listing.loaded) // _PAGE))
    .where(Listing.installation_id == _installation, Listing.loading)
    .scalar_subquery()
)


def _change(*further: Any, **values: Any) -> ReturningUpdate[Any]:
    change = update(Endpoint.__table__).where(*_mine).values(**{"ticket_until": _until, **values})  # type: ignore[arg-type]  # It is a table.
    return change.returning(*_state, *further)


def _of_mine(column: Any) -> ScalarSelect[Any]:
    return select(column).where(*_mine).scalar_subquery()


_collect = _change(
    _collected, _is_much,
    batch_id=case((_may_take, _ready)),
    asked=_endpoint.asked + case((_may_take, func.coalesce(_begun.scalar_subquery(), 0)), else_=0),
    waits_since=case((_ready.is_(None), func.coalesce(_endpoint.waits_since, _moment))),
)  # fmt: skip
_take = (
    update_state(BatchRow, BatchState.RECEIVED)
    .where(_batch.id == _of_mine(_endpoint.batch_id))
    .values(received=bindparam("answer"), answered_at=_moment)
    .returning(
        _batch.size, batches.ready_batch_id(_installation, _moment, _of_mine(_endpoint.batch_id)),
        _of_mine(_endpoint.asked), _of_mine(_endpoint.remaining),
    )
)  # fmt: skip
_note = (
    update(Endpoint.__table__)  # type: ignore[arg-type]  # It is a table.
    .where(_endpoint.installation_id == _installation)
    .values(remaining=_deliveries + func.coalesce(_pages, 0))
)


def keep_session(installation_id: int, ticket: str, silence: dt.timedelta, /, **changes: object) -> Session | None:
    """Begin a transaction of the session, which may be silent for so long afterwards, and change what is to be changed.

    Gives its state then. None if the ticket is not that of the session that goes on; then whatever was done before in
    the transaction is undone.
    """
    named = _named(installation_id, ticket, silence)
    found = session().execute(_change(**changes), named).one_or_none() if ticket else None
    if found is None:
        rollback()
        return None
    return Session(*found)


def collect_batch(installation_id: int, ticket: str, silence: dt.timedelta) -> Collected | None:
    """Hand the ledger what lies ready now, unless something went wrong or it has not said what it understands; if
    nothing lies ready, it waits. As `keep_session`, but committed at once."""
    found = execute_alone(_collect, _named(installation_id, ticket, silence)) if ticket else None
    return Collected(*found) if found else None


def store_answer(installation_id: int, ticket: str, answer: str) -> Answered | None:
    """Take in an answer to what the ledger has, and commit that at once. None if nothing was asked in this session, or
    if that is answered already."""
    values = {"installation": installation_id, "named": ticket, "answer": answer, "moment": now()}
    found = execute_alone(_take, values) if ticket else None
    return Answered(*found) if found else None


def note_remaining(installation_id: int) -> None:
    """Count what is not in the books yet, and the pages of lists that are not read. A call has no time to count."""
    session().execute(_note, {"installation": installation_id})


def percent_done(asked: int, remaining: int) -> int:
    """Return how much of a session is done in percent, as far as can be told while something is left."""
    return min(99, 100 * asked // (asked + max(remaining, 1)))


def _named(installation_id: int, ticket: str, silence: dt.timedelta) -> dict[str, object]:
    moment = now()
    return {"installation": installation_id, "named": ticket, "moment": moment, "until": moment + silence}
