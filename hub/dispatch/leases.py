"""Leases: one process at a time drives an installation.

RQ may run a job twice, and a worker that was given up may still be running. Every transaction of a worker begins by
renewing its lease, so a worker that has lost it cannot write a row any more.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update

from hub.database import changes_one, now, session
from hub.errors import LeaseLost
from hub.extension import lease
from hub.models import ConversationRow, Delivery, Endpoint, Exchange, Installation
from hub.queue import commit
from hub.states import ConversationState, DeliveryState, InstallationState


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one process to drive an installation, until it releases it or does not renew it in time."""

    installation_id: int
    token: str

    def renew(self) -> Installation:
        """Begin a transaction: renew the lease, lock the installation, read it afresh.

        Raises `LeaseLost` if another process has the lease now. The installation may have been paused or removed
        meanwhile: what was answered is stored all the same, and nothing new is asked.
        """
        mine = update(Installation).where(
            Installation.id == self.installation_id, Installation.lease_token == self.token
        )
        if not changes_one(mine.values(lease_until=now() + lease())):
            raise LeaseLost(f"installation {self.installation_id}")
        session().expire_all()
        return session().get_one(Installation, self.installation_id)

    def release(self, pause: dt.timedelta | None = None) -> None:
        """Give the lease back. No process acquires it before the pause is over."""
        values: dict[str, object] = {"lease_token": None, "lease_until": None}
        if pause is not None:
            values["resume_at"] = now() + pause
        mine = update(Installation).where(
            Installation.id == self.installation_id, Installation.lease_token == self.token
        )
        if changes_one(mine.values(**values)):
            session().expire_all()
            _reclaim_ours(self.installation_id)
        commit()


def acquire_lease(
    installation_id: int, states: Sequence[InstallationState] = (InstallationState.CONNECTED,)
) -> Lease | None:
    """Acquire the lease of an installation in one atomic statement. None if it is held, or pauses."""
    token = secrets.token_hex(16)
    moment = now()
    taken = changes_one(
        update(Installation)
        .where(
            Installation.id == installation_id,
            Installation.state.in_(states),
            or_(Installation.lease_token.is_(None), Installation.lease_until < moment),
            or_(Installation.resume_at.is_(None), Installation.resume_at <= moment),
        )
        .values(lease_token=token, lease_until=moment + lease())
    )
    if taken:
        session().expire_all()
        _reclaim_ours(installation_id)
    commit()
    return Lease(installation_id, token) if taken else None


def is_held(installation: Installation) -> bool:
    """Return True if a process drives the installation now.

    It looks for work once more after it has released the lease, so no other needs to be woken for what is queued now.
    """
    return installation.lease_token is not None and (installation.lease_until or now()) > now()


def backoff(
    tries: int, retry_after: float | None = None, *, first: float = 5.0, most: float = 300.0
) -> dt.timedelta:
    """Return the time until the next try: `retry_after` seconds if that was asked for, else `first` seconds, doubled
    with each try up to `most`."""
    return dt.timedelta(seconds=retry_after if retry_after is not None else min(most, first * 2 ** min(tries, 10)))


def _reclaim_ours(installation_id: int) -> None:
    """Take back what a dead worker left with a ledger that we call. Of a ledger that polls, its session decides."""
    if session().get(Endpoint, installation_id) is None:
        reclaim_deliveries(installation_id)


def reclaim_deliveries(installation_id: int) -> None:
    """Move the deliveries that a dead worker left behind to a state from which they go on.

    If a write is open, the ledger may have carried it out: IN_DOUBT until the same batch is answered.
    """
    left = session().scalars(
        select(Delivery).where(
            Delivery.installation_id == installation_id, Delivery.state == DeliveryState.SENDING
        )
    )
    for delivery in left.all():
        delivery.move(DeliveryState.IN_DOUBT if write_is_open(delivery.id) else DeliveryState.QUEUED)


def write_is_open(delivery_id: int) -> bool:
    """Return True if a write of this delivery has left, or was about to leave, and its answer is not known."""
    return _asked(delivery_id, Exchange.response.is_(None))


def write_is_asked(delivery_id: int) -> bool:
    """Return True if an unfinished conversation of this delivery has asked for a write, answered or not."""
    return _asked(delivery_id)


def asked_to_write(delivery_ids: Iterable[int]) -> set[int]:
    """Those of some deliveries of which `write_is_asked` is true. One query at most."""
    ids = list(delivery_ids)
    if not ids:
        return set()
    found = session().scalars(
        select(ConversationRow.delivery_id)
        .join(Exchange, Exchange.conversation_id == ConversationRow.id)
        .where(
            ConversationRow.delivery_id.in_(ids),
            ConversationRow.state == ConversationState.OPEN,
            Exchange.writes,
        )
    )
    return {one for one in found if one is not None}


def _asked(delivery_id: int, *further: object) -> bool:
    query = (
        select(Exchange.id)
        .join(ConversationRow)
        .where(
            ConversationRow.delivery_id == delivery_id,
            ConversationRow.state == ConversationState.OPEN,
            Exchange.writes,
            *further,  # type: ignore[arg-type]  # Column expressions.
        )
        .limit(1)
    )
    return session().scalar(query) is not None
