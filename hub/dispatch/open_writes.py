"""Writes that were sent and are not answered: those of a delivery, and those of a worker that died."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, select

from hub.database import session
from hub.models import ConversationRow, Delivery, Exchange
from hub.states import ConversationState, DeliveryState


def reclaim_deliveries(installation_id: int) -> None:
    """Move the deliveries that a dead worker left behind to a state from which they go on.

    If a write is open, the ledger may have carried it out: IN_DOUBT until the same batch is answered.
    """
    query = select(Delivery).where(
        Delivery.installation_id == installation_id, Delivery.state == DeliveryState.SENDING
    )  # fmt: skip
    left = session().scalars(query).all()
    in_doubt = _asked([delivery.id for delivery in left], Exchange.response.is_(None))
    for delivery in left:
        delivery.move(DeliveryState.IN_DOUBT if delivery.id in in_doubt else DeliveryState.QUEUED)


def write_is_asked(delivery_id: int) -> bool:
    """Return True if an unfinished conversation of this delivery has asked for a write, answered or not."""
    return bool(_asked([delivery_id]))


def asked_to_write(delivery_ids: Iterable[int]) -> set[int]:
    """Those of some deliveries of which `write_is_asked` is true. One query at most."""
    return _asked(list(delivery_ids))


def _asked(delivery_ids: Collection[int], *further: ColumnElement[bool]) -> set[int]:
    if not delivery_ids:
        return set()
    found = session().scalars(
        select(ConversationRow.delivery_id)
        .join(Exchange)
        .where(
            ConversationRow.delivery_id.in_(delivery_ids),
            ConversationRow.state == ConversationState.OPEN,
            Exchange.writes,
            *further,
        )
    )
    return {one for one in found if one is not None}
