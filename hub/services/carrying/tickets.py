"""The session that a ticket names, and what a call changes of it.

A call that hands out what lies ready, or takes an answer in, is made of these statements and nothing else. Each is
composed once: composing one costs more than running it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from hub.database import now, session
from hub.models import Delivery, DeskRow, Envelope, Listing
from hub.queue import rollback
from hub.services.carrying import packing
from hub.states import DeliveryState, EnvelopeState

_PAGE = 500  # About how many entries of a list an answer holds.
_GOING = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.WAITING, DeliveryState.IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Session:
    """How far the session of a ledger is."""

    dialect: str
    complaint: str
    envelope_id: int | None
    """What the ledger has, and has not answered yet."""
    waits_since: dt.datetime | None
    attended_until: dt.datetime | None
    answered: int

    @property
    def is_attended(self) -> bool:
        """Whether somebody is about to send something."""
        return self.attended_until is not None and self.attended_until > now()


_desk, _envelope = cast(Table, DeskRow.__table__).c, cast(Table, Envelope.__table__).c
_kept = (
    _desk.dialect, _desk.complaint, _desk.envelope_id, _desk.waits_since, _desk.attended_until, _desk.answered,
)  # fmt: skip
_mine = (_desk.installation_id == bindparam("installation"), _desk.ticket == bindparam("named"))
_until = bindparam("until", type_=_desk.ticket_until.type)


def _change(*further: Any, **values: Any) -> ReturningUpdate[Any]:
    change = update(DeskRow.__table__).where(*_mine).values(**{"ticket_until": _until, **values})  # type: ignore[arg-type]  # It is a table.
    return change.returning(*_kept, *further)


_ready = packing.ready(bindparam("installation"), bindparam("moment", type_=_envelope.due_at.type))
_body = select(_envelope.body).where(_envelope.id == _ready).scalar_subquery()
_collect = _change(_body, envelope_id=_ready)
_hand_in = _change(_ready, envelope_id=None, waits_since=None, answered=_desk.answered + bindparam("size"))
_take = (
    update(Envelope.__table__)  # type: ignore[arg-type]  # As above.
    .where(
        _envelope.id == select(_desk.envelope_id).where(*_mine).scalar_subquery(),
        _envelope.state == EnvelopeState.OPEN,
    )
    .values(received=bindparam("answer"), state=EnvelopeState.RECEIVED, answered_at=bindparam("moment"))
    .returning(_envelope.size)
)
_left = select(
    select(func.count(Delivery.id))
    .where(Delivery.installation_id == bindparam("installation"), Delivery.state.in_(_GOING))
    .scalar_subquery(),
    select(func.sum(1 + (func.coalesce(Listing.total, Listing.loaded) - Listing.loaded) / _PAGE))
    .where(Listing.installation_id == bindparam("installation"), Listing.loading)
    .scalar_subquery(),
)


def keep(installation_id: int, ticket: str, silence: dt.timedelta, /, **changes: object) -> Session | None:
    """Begin a transaction of the session, which may be silent for so long afterwards, and change what is to be changed.

    Gives its state then. None if the ticket is not that of the session that goes on; then whatever was done before in
    the transaction is undone.
    """
    found = _run(_change(**changes), installation_id, ticket, silence)
    return found and Session(*found)


def collect(installation_id: int, ticket: str, silence: dt.timedelta) -> tuple[Session | None, str]:
    """Note that the ledger has what lies ready, if anything does; and its body, which may be empty only then. The
    state is as `keep` gives it."""
    found = _run(_collect, installation_id, ticket, silence, moment=now())
    return (Session(*found[:-1]), found[-1] or "") if found else (None, "")


def take(installation_id: int, ticket: str, answer: str) -> int:
    """Take an answer in to what the ledger has. Gives how many requests it is about: 0 if it had nothing to answer."""
    values = {"installation": installation_id, "named": ticket, "answer": answer, "moment": now()}
    return session().execute(_take, values).scalar() or 0


def answered(installation_id: int, ticket: str, silence: dt.timedelta, size: int) -> tuple[Session | None, bool]:
    """Note that the ledger has nothing any more, and so many requests more are answered; and whether the next ones lie
    ready. The state is as `keep` gives it."""
    found = _run(_hand_in, installation_id, ticket, silence, moment=now(), size=size)
    return (Session(*found[:-1]), found[-1] is not None) if found else (None, False)


def progress(installation_id: int, answered: int) -> int:
    """How much of the session is done in percent, as far as can be told while something is left."""
    counts = session().execute(_left, {"installation": installation_id}).one()
    left = sum(int(one or 0) for one in counts)
    return min(99, 100 * answered // (answered + max(left, 1)))


def _run(
    change: ReturningUpdate[Any], installation_id: int, ticket: str, silence: dt.timedelta, **values: object
) -> Any:
    named = {"installation": installation_id, "named": ticket, "until": now() + silence, **values}
    found = session().execute(change, named).one_or_none() if ticket else None
    if found is None:
        rollback()
    return found
