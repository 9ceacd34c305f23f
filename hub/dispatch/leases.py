"""The line of an installation: a lease that makes one carrier at a time speak with its ledger.

RQ may run a job twice, and a killed worker's orphan may still be running: whoever has lost the line cannot write a
row any more, because every transaction of a carrier begins with its fence.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select, update

from hub.database import changes_one, now, session
from hub.errors import LineLost
from hub.extension import lease
from hub.models import ConversationRow, Delivery, Endpoint, Exchange, Installation
from hub.queue import commit
from hub.states import ConversationState, DeliveryState, InstallationState


@dataclass(frozen=True, slots=True)
class Line:
    """Held by one carrier until it hangs up, or until it has been silent for a lease."""

    installation_id: int
    token: str

    def fence(self) -> Installation:
        """Begin a transaction of the carrier: keep the line, lock the installation, read it afresh.

        Raises `LineLost` if another carrier has it now. The installation may have been paused or removed meanwhile:
        what was answered is stored all the same, and nothing new is asked.
        """
        mine = update(Installation).where(
            Installation.id == self.installation_id, Installation.line_token == self.token
        )
        if not changes_one(mine.values(line_until=now() + lease())):
            raise LineLost(f"installation {self.installation_id}")
        session().expire_all()
        return session().get_one(Installation, self.installation_id)

    def hang_up(self, pause: dt.timedelta | None = None) -> None:
        """Give the line back. Nobody takes it up again before the pause is over."""
        values: dict[str, object] = {"line_token": None, "line_until": None}
        if pause is not None:
            values["resume_at"] = now() + pause
        mine = update(Installation).where(
            Installation.id == self.installation_id, Installation.line_token == self.token
        )
        if changes_one(mine.values(**values)):
            session().expire_all()
            _reclaim_ours(self.installation_id)
        commit()


def take(installation_id: int, states: Sequence[InstallationState] = (InstallationState.CONNECTED,)) -> Line | None:
    """Take the line if it is free, by one atomic statement. None if somebody speaks, or if it must rest."""
    token = secrets.token_hex(16)
    moment = now()
    taken = changes_one(
        update(Installation)
        .where(
            Installation.id == installation_id,
            Installation.state.in_(states),
            or_(Installation.line_token.is_(None), Installation.line_until < moment),
            or_(Installation.resume_at.is_(None), Installation.resume_at <= moment),
        )
        .values(line_token=token, line_until=moment + lease())
    )
    if taken:
        session().expire_all()
        _reclaim_ours(installation_id)
    commit()
    return Line(installation_id, token) if taken else None


def is_held(installation: Installation) -> bool:
    """Whether a carrier speaks at present. It looks for work once more after it has hung up, so whoever holds the lock
    of the installation need not wake another one for what it will find then."""
    return installation.line_token is not None and (installation.line_until or now()) > now()


def delay(tries: int, retry_after: float | None = None) -> dt.timedelta:
    """How long to wait before the next try: what the ledger asked for, else 5 s, doubling up to 5 minutes."""
    return dt.timedelta(seconds=retry_after if retry_after is not None else min(300, 5 * 2 ** min(tries, 10)))


def _reclaim_ours(installation_id: int) -> None:
    """Take back what a dead worker left with a ledger that we call. Of a ledger that polls, its session decides."""
    if session().get(Endpoint, installation_id) is None:
        reclaim(installation_id)


def reclaim(installation_id: int) -> None:
    """Put the deliveries that a carrier left behind into a state that somebody goes on from.

    With a write open nobody knows whether the books have it: IN_DOUBT until the same batch has been answered.
    """
    left = session().scalars(
        select(Delivery).where(
            Delivery.installation_id == installation_id, Delivery.state == DeliveryState.SENDING
        )
    )
    for delivery in left.all():
        delivery.move(DeliveryState.IN_DOUBT if write_is_open(delivery.id) else DeliveryState.QUEUED)


def write_is_open(delivery_id: int) -> bool:
    """Whether a write of this delivery has left, or was about to leave, and its answer is not known."""
    return _asked(delivery_id, Exchange.response.is_(None))


def write_is_asked(delivery_id: int) -> bool:
    """Whether an unfinished conversation of this delivery has asked for a write at all, answered or not."""
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
