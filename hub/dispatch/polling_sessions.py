"""Sessions of ledgers that call us, as statements: a call hands out a batch, or stores an answer, with one of them.

A session is the part of an endpoint's row that its ticket names. The statements are built once, when the module is
imported: building one takes longer than running it (`make bench`, the part on the Web Connector).
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
"""The most answers that are read, or requests that are put into a batch, within a call. More is left to a worker."""

_PAGE = 500  # The entries of a list that an answer holds, about.
_GOING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Session:
    """The state of a session. `complaint` is what the ledger reported last, `waits_since` the time since which it has
    been told to ask again, `attended_until` the time up to which a person has the send dialog open."""

    dialect: str
    complaint: str
    waits_since: dt.datetime | None
    attended_until: dt.datetime | None

    @property
    def is_attended(self) -> bool:
        """True while a person has the send dialog open."""
        return self.attended_until is not None and self.attended_until > now()


@dataclass(frozen=True, slots=True)
class Collected(Session):
    """The body of the batch that was handed out. It is None if none was ready; `is_much` says whether a worker is
    preparing one."""

    body: str | None
    is_much: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of storing an answer: the number of requests that it answers, and the next batch if one is ready."""

    size: int
    next_id: int | None
    asked: int
    remaining: int

    @property
    def progress(self) -> int:
        """The part of the session that is done, in percent."""
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
    """Change columns of a session's endpoint, and return the state of the session afterwards. The caller commits.

    The session ends if it is silent for longer than `silence` from now. Returns None, and rolls back, if the ticket is
    not that of the current session.
    """
    named = _named(installation_id, ticket, silence)
    found = session().execute(_change(**changes), named).one_or_none() if ticket else None
    if found is None:
        rollback()
        return None
    return Session(*found)


def collect_batch(installation_id: int, ticket: str, silence: dt.timedelta) -> Collected | None:
    """Hand out the batch that is ready, and commit. Nothing is handed out after a complaint, or before the ledger has
    named its version of the dialect. Returns None if the ticket is not that of the current session."""
    found = execute_alone(_collect, _named(installation_id, ticket, silence)) if ticket else None
    return Collected(*found) if found else None


def store_answer(installation_id: int, ticket: str, answer: str) -> Answered | None:
    """Store the answer to the batch that the session has, and commit. Returns None if it has none, or if that one is
    answered already."""
    values = {"installation": installation_id, "named": ticket, "answer": answer, "moment": now()}
    found = execute_alone(_take, values) if ticket else None
    return Answered(*found) if found else None


def note_remaining(installation_id: int) -> None:
    """Store how many deliveries and pages of lists are left, so that a call need not count them."""
    session().execute(_note, {"installation": installation_id})


def percent_done(asked: int, remaining: int) -> int:
    """Return the part of a session that is done, in percent: at most 99 while the session goes on."""
    return min(99, 100 * asked // (asked + max(remaining, 1)))


def _named(installation_id: int, ticket: str, silence: dt.timedelta) -> dict[str, object]:
    moment = now()
    return {"installation": installation_id, "named": ticket, "moment": moment, "until": moment + silence}
