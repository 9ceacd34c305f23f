"""An order that is cancelled, or has become another kind of document: what of it stands in the books is voided there.

It is the same delivery that brought it there, and it goes the same way: one conversation, under a key, exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hub.books import history
from hub.database import now, session
from hub.dispatch.outcomes import queue_if_ready
from hub.host import Order
from hub.models import Delivery
from hub.orders import deliveries
from hub.orders.cancel import cancel_waiting
from hub.planning import revisions, sales
from hub.planning.choices import SALES
from hub.plugin import CreditMemo, Integration, Invoice, Revision
from hub.serialization import subject_of
from hub.states import DeliveryState


def is_superseded(delivery: Delivery, order: Order) -> bool:
    """Return True if an order does not have any more what a delivery has sent of it."""
    return delivery.kind in SALES and (order.cancelled or delivery.kind != sales.kind_of(order))


def find_voidable(integration: Integration, live: Iterable[Delivery], order: Order) -> list[Delivery]:
    """Return what of an order is in the books and can be voided there, because the order does not have it any more."""
    posted = [
        one
        for one in live
        if one.state is DeliveryState.POSTED
        and one.kind in integration.capabilities.voids
        and is_superseded(one, order)
    ]
    standing = history.standing(posted)
    return [one for one in posted if not revisions.is_gone_there(standing.get(one.id))]


def void_document(delivery: Delivery, by: str) -> None:
    """Have what a delivery has brought into the books voided there. What waits for it, such as a payment that came
    afterwards, has nothing to wait for any more."""
    cancel_waiting(delivery)
    deliveries.renew(delivery, build_void(delivery))
    delivery.sent_by, delivery.sent_at, delivery.needs = by, now(), []
    session().flush()
    queue_if_ready(delivery)


def build_void(delivery: Delivery) -> Invoice | CreditMemo:
    """Return the document that voids what a delivery has brought into the books."""
    subject = subject_of(delivery.kind, delivery.subject)
    assert isinstance(subject, Invoice | CreditMemo)
    return replace(subject, revises=Revision(id=delivery.posting_id, version=delivery.posting_version, voids=True))
