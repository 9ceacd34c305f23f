"""An order that is cancelled, or has become another kind of document: what of it stands in the books is voided there.

It is the same delivery that brought it there, and it goes the same way: one conversation, under a key, exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hub.database import now, session
from hub.host import Order
from hub.models import Delivery
from hub.plugin import CreditMemo, Integration, Invoice, Revision
from hub.services.books import history
from hub.services.carrying.settling import queue_if_ready
from hub.services.drafting import revising, selling
from hub.services.drafting.choices import SALES
from hub.services.sending import cancelling, placing
from hub.services.snapshots import subject_of
from hub.states import DeliveryState


def is_superseded(delivery: Delivery, order: Order) -> bool:
    """Whether an order does not have any more what a delivery has sent of it."""
    return delivery.kind in SALES and (order.cancelled or delivery.kind != selling.kind_of(order))


def voidable(integration: Integration, live: Iterable[Delivery], order: Order) -> list[Delivery]:
    """What of an order is in the books and can be voided there, because the order does not have it any more."""
    posted = [
        one
        for one in live
        if one.state is DeliveryState.POSTED
        and one.kind in integration.capabilities.voids
        and is_superseded(one, order)
    ]
    standing = history.standing(posted)
    return [one for one in posted if not revising.is_gone_there(standing.get(one.id))]


def void(delivery: Delivery, by: str) -> None:
    """Have what a delivery has brought into the books voided there. What waits for it, such as a payment that came
    afterwards, has nothing to wait for any more."""
    cancelling.cancel_waiting(delivery)
    placing.renew(delivery, void_of(delivery))
    delivery.sent_by, delivery.sent_at, delivery.needs = by, now(), []
    session().flush()
    queue_if_ready(delivery)


def void_of(delivery: Delivery) -> Invoice | CreditMemo:
    """The document that voids what a delivery has brought into the books."""
    subject = subject_of(delivery.kind, delivery.subject)
    assert isinstance(subject, Invoice | CreditMemo)
    return replace(subject, revises=Revision(id=delivery.posting_id, version=delivery.posting_version, voids=True))
